"""Who is calling and what they told us about it: `Tailrace-*` request headers, and `Helicone-*`.

    Tailrace-User-Id                the end user, at most 256 bytes
    Tailrace-Session-Id/-Name/-Path the session
    Tailrace-Property-<Name>        free properties, names in lower case
    Tailrace-Omit-Request/-Response true or false: keep that body out
    Tailrace-Request-Id             the client's own id, kept beside ours
    Tailrace-Model-Override         the model to record and to price, whatever the answer calls it
    Tailrace-Target-Url             where to send it: see `proxy.relay.targets`
    Tailrace-Auth                   the access key: see `app.access.gate`

A value is UTF-8, else ISO-8859-1; text that a client cannot send so may come as an extended value
(RFC 8187 §3.2): `UTF-8''Ren%C3%A9`. `Tailrace-*` wins over `Helicone-*`, the first over the second.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote_to_bytes

from app.errors import RelayRefused
from app.record.model import MAX_USER_BYTES

MAX_TEXT_CHARS: Final = {
    "session-id": 256,
    "session-name": 256,
    "session-path": 512,
    "request-id": 256,
    "model-override": 256,
}
MAX_PROPERTY_NAME_CHARS: Final = 256
PROPERTY: Final = "property-"
BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}
CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")
EXTENDED: Final = re.compile(r"utf-8'[a-z0-9-]*'(?P<value>.*)", re.IGNORECASE | re.DOTALL)
TRACEPARENT: Final = re.compile(
    r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
)


@dataclass(slots=True)
class Identity:
    """What a call's headers say; `refusal` is set where one of them is not acceptable."""

    user: str | None = None
    session_id: str | None = None
    session_name: str | None = None
    session_path: str | None = None
    properties: dict[str, str] = field(default_factory=dict)
    client_request_id: str | None = None
    model_override: str | None = None
    client_retry_count: int | None = None
    traceparent: str | None = None
    omit_request: bool = False
    omit_response: bool = False
    properties_dropped: int = 0
    refusal: RelayRefused | None = None


NOBODY: Final = Identity()
"""Of the calls that say nothing of themselves: nobody changes it."""


@dataclass(frozen=True, slots=True)
class PropertyLimits:
    """How many properties are kept, and how many bytes of UTF-8 of each value."""

    max_properties: int
    max_property_bytes: int


def read_identity(own: Sequence[tuple[bytes, bytes]], limits: PropertyLimits) -> Identity:
    """The identity in a request's own fields, whose names are in lower case.

    Never raises: an invalid value leaves its field unset and becomes `refusal`, the first one wins.
    Properties beyond the limit, and values that had to be cut, are counted in `properties_dropped`.
    """
    if not own:
        return NOBODY
    identity = Identity()
    texts: dict[str, str] = {}
    for name, value in _ranked(own):
        try:
            _take(identity, texts, name, value, limits)
        except RelayRefused as refusal:
            if identity.refusal is None:
                identity.refusal = refusal
    identity.user = texts.get("user-id")
    identity.session_id = texts.get("session-id")
    identity.session_name = texts.get("session-name")
    identity.session_path = texts.get("session-path")
    identity.client_request_id = texts.get("request-id")
    identity.model_override = texts.get("model-override")
    return identity


def _ranked(own: Sequence[tuple[bytes, bytes]]) -> Sequence[tuple[bytes, bytes]]:
    if len(own) < 2:
        return own
    return sorted(own, key=_is_theirs)


def _is_theirs(pair: tuple[bytes, bytes]) -> bool:
    return pair[0].startswith(b"helicone-")


def _take(
    identity: Identity, texts: dict[str, str], raw: bytes, value: bytes, limits: PropertyLimits
) -> None:
    if raw == b"traceparent":
        identity.traceparent = valid_traceparent(value)
        return
    if raw == b"x-stainless-retry-count":
        identity.client_retry_count = int(value) if value.isdigit() and len(value) < 10 else None
        return
    # Both prefixes have nine characters.
    name = raw[9:].decode("latin-1")
    if name.startswith(PROPERTY):
        _take_property(identity, raw, name[len(PROPERTY) :], value, limits)
    elif name == "omit-request":
        identity.omit_request = identity.omit_request or _boolean(raw, value)
    elif name == "omit-response":
        identity.omit_response = identity.omit_response or _boolean(raw, value)
    elif name == "user-id":
        text = _text(raw, value)
        if len(text.encode()) > MAX_USER_BYTES:
            raise _refused(raw, "user_too_long", f"is longer than {MAX_USER_BYTES} bytes")
        _first(texts, name, text)
    elif (limit_chars := MAX_TEXT_CHARS.get(name)) is not None:
        text = _text(raw, value)
        if len(text) > limit_chars:
            raise _refused(raw, "invalid_header", f"is longer than {limit_chars} characters")
        _first(texts, name, text)


def _first(texts: dict[str, str], name: str, text: str) -> None:
    if text:
        texts.setdefault(name, text)


def _take_property(
    identity: Identity, raw: bytes, name: str, value: bytes, limits: PropertyLimits
) -> None:
    text = _text(raw, value)
    if not name or name in identity.properties:
        return
    if len(identity.properties) >= limits.max_properties or len(name) > MAX_PROPERTY_NAME_CHARS:
        identity.properties_dropped += 1
        return
    encoded = text.encode()
    if len(encoded) > limits.max_property_bytes:
        identity.properties_dropped += 1
        text = encoded[: limits.max_property_bytes].decode(errors="ignore")
    identity.properties[name] = text


def valid_traceparent(value: bytes) -> str | None:
    """The value if it is a W3C Trace Context `traceparent`, else None."""
    text = value.strip().decode("latin-1")
    match = TRACEPARENT.match(text)
    if match is None or len(text) > 256:
        return None
    rest = text[match.end() :]
    later_version = not text.startswith("00") and rest.startswith("-") and rest.isprintable()
    return text if not rest or later_version else None


def _boolean(raw: bytes, value: bytes) -> bool:
    answer = BOOLEANS.get(_text(raw, value).lower())
    if answer is None:
        raise _refused(raw, "invalid_header", "must be true or false")
    return answer


def _text(raw: bytes, value: bytes) -> str:
    value = value.strip(b" \t")
    try:
        text = value.decode()
    except UnicodeDecodeError:
        text = value.decode("latin-1")
    if (match := EXTENDED.fullmatch(text)) is not None:
        try:
            text = unquote_to_bytes(match["value"]).decode()
        except UnicodeDecodeError as exc:
            raise _refused(raw, "invalid_header", "is not UTF-8") from exc
    if CONTROL.search(text):
        raise _refused(raw, "invalid_header", "contains a control character")
    return text


def _refused(raw: bytes, code: str, what: str) -> RelayRefused:
    return RelayRefused(400, code, f"header {raw.decode('latin-1')} {what}")
