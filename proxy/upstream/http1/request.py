"""A request's head as it is sent, and how its body is framed (RFC 9112 §3, §6)."""

import re
from typing import Final, Literal, NamedTuple
from urllib.parse import urlsplit

from app.errors import UpstreamProtocolError, UpstreamRefused
from proxy.upstream.protocol import RawHeaders, UpstreamRequest

Framing = Literal["none", "length", "chunked"]
TOKEN: Final = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
TARGET: Final = re.compile(r"[\x21-\x7e]+")
WITH_BODY: Final = frozenset({"POST", "PUT", "PATCH"})
COMMON: Final = frozenset({b"GET", b"POST"})
PORTS: Final = {"http": 80, "https": 443}
OTHER, LENGTH = 1, 2
# Names that were looked at before, in their own spelling; the rest is looked at again.
MAX_KINDS: Final = 1024
_KINDS: Final[dict[bytes, int]] = {}


class Origin(NamedTuple):
    """Where requests go: `tls`, host and port, and the Host field."""

    tls: bool
    host: str
    port: int
    authority: bytes


class Head:
    """The bytes of a head, how the body is framed, and its length where that was announced."""

    __slots__ = ("data", "framing", "length")

    def __init__(self, data: bytes, framing: Framing, length: int | None = None) -> None:
        self.data = data
        self.framing: Framing = framing
        self.length = length


def origin_of(text: str) -> Origin:
    """The parts of `https://host:port`. Raises: UpstreamRefused."""
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError as exc:
        raise UpstreamRefused("the upstream's address is not valid") from exc
    if scheme not in PORTS or not host or not host.isascii() or parts.path or parts.query:
        raise UpstreamRefused("the upstream's address is not valid")
    shown = f"[{host}]" if ":" in host else host
    if port is None or port == PORTS[scheme]:
        return Origin(scheme == "https", host, PORTS[scheme], shown.encode())
    return Origin(scheme == "https", host, port, f"{shown}:{port}".encode())


def head_of(request: UpstreamRequest, authority: bytes) -> Head:
    """The head, with a Host and a framing of ours. Raises: UpstreamProtocolError.

    A Content-Length among the fields must be the body's; without one it is added, or the body is
    chunked where its length is not known.
    """
    method = request.method.encode("latin-1", "replace")
    if (method not in COMMON and not TOKEN.fullmatch(method)) or not TARGET.fullmatch(
        request.target
    ):
        raise UpstreamProtocolError("not to be sent as HTTP: method or target")
    lines = [
        b"%b %b HTTP/1.1\r\nHost: %b\r\n" % (method, request.target.encode(), authority),
        *[b"%b: %b\r\n" % pair for pair in request.headers],
    ]
    announced = _announced(request.headers)
    framing, length, added = _framing(request, announced)
    head = b"".join(lines)
    _check_lines(head, len(lines) + 1)
    return Head(head + added + b"\r\n", framing, length)


def _announced(headers: RawHeaders) -> int | None:
    values = [value for name, value in headers if (_KINDS.get(name) or _kind(name)) == LENGTH]
    if not values:
        return None
    if len(values) > 1 or not values[0].isdigit() or len(values[0]) > 18:
        raise UpstreamProtocolError("not to be sent as HTTP: Content-Length")
    return int(values[0])


def _framing(request: UpstreamRequest, announced: int | None) -> tuple[Framing, int | None, bytes]:
    """How the body is framed, its length, and the field that says so where there is none yet."""
    body = request.body
    if body is None or isinstance(body, bytes):
        length = len(body or b"")
        if announced is not None and announced != length:
            raise UpstreamProtocolError("not to be sent as HTTP: the body is not of its length")
        if announced is None and (length or request.method in WITH_BODY):
            return "length", length, b"Content-Length: %d\r\n" % length
        return ("length" if length else "none"), length, b""
    if announced is not None:
        return "length", announced, b""
    return "chunked", None, b"Transfer-Encoding: chunked\r\n"


def _kind(name: bytes) -> int:
    """Whether a field is the length or another one. Raises: UpstreamProtocolError for no name."""
    if not TOKEN.fullmatch(name):
        raise UpstreamProtocolError("not to be sent as HTTP: a field's name")
    kind = LENGTH if name.lower() == b"content-length" else OTHER
    if len(_KINDS) < MAX_KINDS:
        _KINDS[name] = kind
    return kind


def _check_lines(head: bytes, lines: int) -> None:
    """Nothing may break out of its line."""
    if head.count(b"\n") != lines or head.count(b"\r") != lines or b"\0" in head:
        raise UpstreamProtocolError("not to be sent as HTTP: a control character in a field")
