"""Which header fields pass through, in which direction; one walk over the raw list each way.

Hop-by-hop fields stay behind (RFC 9110 §7.6.1), those that Connection names included. Ours
(`Tailrace-*`, and `Helicone-*` for those who move) never reach an upstream. All else keeps its
order, spelling, duplicates and bytes.
"""

from collections.abc import Sequence
from typing import Final

from proxy.upstream.protocol import RawHeaders

REQUEST_ID: Final = b"tailrace-request-id"
MODIFIED: Final = b"tailrace-modified"
"""Names what of a response is not as the upstream sent it."""
HOP_BY_HOP: Final = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
LEFT_BY_REQUESTS: Final = HOP_BY_HOP | {b"host", b"expect"}
LEFT_BY_RESPONSES: Final = HOP_BY_HOP | {REQUEST_ID}
OWN_PREFIXES: Final = (b"tailrace-", b"helicone-")
CREDENTIALS: Final = frozenset(
    {
        b"authorization",
        b"x-api-key",
        b"api-key",
        b"x-goog-api-key",
        b"ocp-apim-subscription-key",
        b"x-auth-token",
        b"x-amz-security-token",
        b"cookie",
    }
)
"""Fields whose values pass, and must not be in any copy."""
NOTED: Final = frozenset({b"traceparent", b"x-stainless-retry-count"})
PROVIDER_IDS: Final = frozenset({b"x-request-id", b"request-id", b"apim-request-id"})
PERSISTENCE: Final = frozenset({b"keep-alive", b"close", b""})


class RequestHead:
    """A request's fields: those that pass, those that are for us, and what the copy needs."""

    __slots__ = (
        "authorized",
        "chunked",
        "content_encoding",
        "content_type",
        "credentials",
        "expects_continue",
        "own",
        "passed",
        "transfer_coded",
    )

    def __init__(self) -> None:
        self.passed: list[tuple[bytes, bytes]] = []
        self.own: list[tuple[bytes, bytes]] = []
        self.credentials: list[bytes] = []
        self.content_type = b""
        self.content_encoding = b""
        self.authorized = False
        self.chunked = False
        self.expects_continue = False
        # Besides being chunked.
        self.transfer_coded = False


class ResponseHead:
    """A response's fields that pass, its declared length if any, and what the copy needs."""

    __slots__ = (
        "content_encoding",
        "content_length",
        "content_type",
        "passed",
        "provider_request_id",
    )

    def __init__(
        self,
        passed: list[tuple[bytes, bytes]] | None = None,
        content_length: int | None = None,
        content_type: bytes = b"",
        content_encoding: bytes = b"",
        provider_request_id: bytes = b"",
    ) -> None:
        self.passed = [] if passed is None else passed
        self.content_length = content_length
        self.content_type = content_type
        self.content_encoding = content_encoding
        self.provider_request_id = provider_request_id

    @property
    def is_event_stream(self) -> bool:
        """Whether the body is uncoded server-sent events."""
        is_plain = self.content_encoding.lower() in (b"", b"identity")
        return is_plain and self.content_type.lower().startswith(b"text/event-stream")


def split_request(raw: RawHeaders) -> RequestHead:
    """A client's fields on their way to an upstream; names in `own` are in lower case."""
    head = RequestHead()
    named: frozenset[bytes] = frozenset()
    for pair in raw:
        name = pair[0].lower()
        if name.startswith(OWN_PREFIXES):
            head.own.append((name, pair[1]))
            continue
        if name in LEFT_BY_REQUESTS:
            if name == b"transfer-encoding":
                head.chunked = True
                coded = pair[1].strip().lower() != b"chunked"
                head.transfer_coded = head.transfer_coded or coded
            elif name == b"expect":
                head.expects_continue = pair[1].lower() == b"100-continue"
            elif name == b"connection":
                named |= _tokens(pair[1])
            continue
        head.passed.append(pair)
        if name in NOTED:
            head.own.append((name, pair[1]))
        elif name == b"content-type":
            head.content_type = pair[1]
        elif name == b"content-encoding":
            head.content_encoding = _joined(head.content_encoding, pair[1])
        elif name in CREDENTIALS:
            head.credentials.append(pair[1])
            head.authorized = head.authorized or name == b"authorization"
    if named:
        _leave(head.passed, named)
    return head


def split_response(raw: RawHeaders) -> ResponseHead:
    """An upstream's fields on their way to the client."""
    head = ResponseHead()
    named: frozenset[bytes] = frozenset()
    for pair in raw:
        name = pair[0].lower()
        if name in LEFT_BY_RESPONSES:
            if name == b"connection":
                named |= _tokens(pair[1])
            continue
        if name == b"content-length":
            if head.content_length is None:
                head.content_length = int(pair[1])
                head.passed.append(pair)
            continue
        head.passed.append(pair)
        if name == b"content-type":
            head.content_type = pair[1]
        elif name == b"content-encoding":
            head.content_encoding = _joined(head.content_encoding, pair[1])
        elif name in PROVIDER_IDS:
            head.provider_request_id = pair[1]
    if named:
        _leave(head.passed, named)
        if b"content-length" in named:
            head.content_length = None
    return head


def encode_head(
    status: int, reason: bytes, passed: Sequence[tuple[bytes, bytes]], own: bytes
) -> bytes:
    """A response head in HTTP/1.1; `own` are complete lines of ours, each with its CRLF.

    Raises: ValueError when a field or the reason would break out of its line.
    """
    lines = [b"HTTP/1.1 %d %b\r\n" % (status, reason)]
    lines += [b"%b: %b\r\n" % pair for pair in passed]
    head = b"".join(lines)
    if head.count(b"\n") != len(lines) or head.count(b"\r") != len(lines) or b"\0" in head:
        raise ValueError("a control character in the response's head")
    return b"%b%b\r\n" % (head, own)


def _tokens(connection: bytes) -> frozenset[bytes]:
    tokens = frozenset(token.strip() for token in connection.lower().split(b","))
    return tokens - PERSISTENCE


def _leave(passed: list[tuple[bytes, bytes]], named: frozenset[bytes]) -> None:
    passed[:] = [pair for pair in passed if pair[0].lower() not in named]


def _joined(first: bytes, second: bytes) -> bytes:
    return b"%b, %b" % (first, second) if first else second
