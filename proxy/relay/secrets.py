"""Credentials in URLs, masked before a URL is stored or logged."""

import re
from urllib.parse import unquote

MASK = "***"
USERINFO = re.compile(r"(?<=://)[^/?#@\s]*@")
PARAMETER = re.compile(r"(?P<before>[?&;]|^)(?P<name>[^=&;?#]+)=(?P<value>[^&;#]*)")
SECRET_WORDS = ("key", "token", "secret", "sig", "passw", "auth", "cred", "session", "code", "jwt")


def mask_url(url: str) -> str:
    """The URL with its userinfo and the values of secret-looking query parameters replaced."""
    if "@" in url:
        url = USERINFO.sub(f"{MASK}@", url, count=1)
    path, question, query = url.partition("?")
    return f"{path}?{mask_query(query)}" if question else path


def mask_query(query: str) -> str:
    """A query string whose secret-looking parameters have their values replaced."""
    return PARAMETER.sub(_masked, query)


def _masked(match: re.Match[str]) -> str:
    name = unquote(match["name"]).casefold()
    if any(word in name for word in SECRET_WORDS):
        return f"{match['before']}{match['name']}={MASK}"
    return match[0]
