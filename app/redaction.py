"""Credentials taken out of what we store, log or tell: masked in URLs, and by their looks in text.

`mask_url` for an address: user-info, and the values of parameters whose names sound secret.
`redact_text` for free text, an error or a log line: addresses within it, `Authorization` and its
like with what follows, and the published shapes of providers' keys (GitHub's list of secret
scanning patterns). `Redactor` knows values besides: those of the settings.
"""

import re
from collections.abc import Iterable
from typing import Final
from urllib.parse import unquote, urlsplit

MASK: Final = "***"
MIN_SECRET_CHARS: Final = 6
SECRET_WORDS = ("key", "token", "secret", "sig", "passw", "auth", "cred", "session", "code", "jwt")
USERINFO: Final = re.compile(r"(?<=://)[^/?#@\s]*@")
PARAMETER: Final = re.compile(r"(?P<before>[?&;]|^)(?P<name>[^=&;?#]+)=(?P<value>[^&;#]*)")
_QUERY: Final = re.compile(r"""(?P<before>[?&])(?P<name>[\w.%-]+)=(?P<value>[^\s&;#"'<>\\]+)""")
# What a stranger wrote is searched: no pattern may begin with, or look ahead over, an endless run.
_FIELD: Final = re.compile(
    r"""(?P<name>(?:\bauthorization|api[-_]?key|\b(?:set-)?cookie|-auth|\bx-auth-token|password
    |secret[-_]access[-_]key)\b\\?["']?\s*[:=,]\s*(?:b?\\?["'])?)
    (?P<value>(?:(?:bearer|basic)\s+)?[^\s"',;\\)}\]]{4,})""",
    re.IGNORECASE | re.VERBOSE,
)
_SCHEME: Final = re.compile(r"\b(?P<name>(?:bearer|basic)\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE)
_SHAPES: Final = re.compile(
    r"""\b(?:sk-[\w*-]{8,}|(?:rk|pk|key)-(?=[\w*-]{0,64}\d)[\w*-]{8,}|sess-[A-Za-z0-9]{20,}
    |gsk[_-][A-Za-z0-9]{8,}|xai-[A-Za-z0-9]{8,}|AIza[0-9A-Za-z_-]{8,}|hf_[A-Za-z0-9]{16,}|pplx-[A-Za-z0-9]{16,}|r8_[A-Za-z0-9]{16,}
    |tr_[0-9a-f]{12}_[0-9a-f]{64}|whsec_[A-Za-z0-9+/=]{16,}|(?:AKIA|ASIA)[0-9A-Z]{16}
    |eyJ[A-Za-z0-9_-]{10,200}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*)""",
    re.VERBOSE,
)


def mask_url(url: str) -> str:
    """The URL with its userinfo and the values of secret-looking query parameters replaced."""
    if "@" in url:
        url = USERINFO.sub(f"{MASK}@", url, count=1)
    path, question, query = url.partition("?")
    return f"{path}?{mask_query(query)}" if question else path


def mask_query(query: str) -> str:
    """A query string whose secret-looking parameters have their values replaced."""
    return PARAMETER.sub(_masked, query)


def sounds_secret(name: str) -> bool:
    """Whether a query parameter of this name holds a credential, most likely."""
    folded = unquote(name).casefold()
    return any(word in folded for word in SECRET_WORDS)


def redact_text(text: str) -> str:
    """The text without what looks like a credential in it."""
    if "@" in text:
        text = USERINFO.sub(f"{MASK}@", text)
    if "=" in text:
        text = _QUERY.sub(_masked, text)
    text = _FIELD.sub(_valueless, text)
    text = _SCHEME.sub(_valueless, text)
    return _SHAPES.sub(MASK, text)


class Redactor:
    """`redact_text`, and values that are known to be secret."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """`secrets` may be URLs: then their passwords are what is secret too."""
        known = {part for each in secrets for part in _parts(each)}
        long_enough = [part for part in known if len(part) >= MIN_SECRET_CHARS]
        self._known = sorted(long_enough, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """The text without credentials."""
        for secret in self._known:
            if secret in text:
                text = text.replace(secret, MASK)
        return redact_text(text)


def _parts(secret: str) -> list[str]:
    if "://" not in secret:
        return [secret]
    try:
        password = urlsplit(secret).password
    except ValueError:
        return [secret]
    return [secret] if password is None else [secret, password, unquote(password)]


def _masked(match: re.Match[str]) -> str:
    if sounds_secret(match["name"]):
        return f"{match['before']}{match['name']}={MASK}"
    return match[0]


def _valueless(match: re.Match[str]) -> str:
    return f"{match['name']}{MASK}"
