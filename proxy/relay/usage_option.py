"""Asking for the usage of a stream where the client did not (sans-I/O).

OpenAI's streams name their usage only for `stream_options.include_usage`: then one more chunk comes
before `[DONE]`, with empty `choices` (platform.openai.com/docs/api-reference/chat/create). Where an
upstream is set so, the option is added to requests without `stream_options`; that chunk, and the
`"usage": null` that comes with every other one, are taken out of what the client gets.
"""

import re
from typing import Any, Final

import orjson

from proxy.relay.headers import MODIFIED, RequestHead, ResponseHead
from proxy.sse import SseParser

PATHS: Final = ("/chat/completions", "/completions")
MAX_BODY_BYTES: Final = 1 << 20
MAX_EVENT_BYTES: Final = 1 << 18
"""A longer event passes as it is: reading it would hold the loop for more than a millisecond."""
ASKED: Final = b'"stream_options":{"include_usage":true}'
BOUNDARY: Final = re.compile(rb"(?:\r\n|\n|\r(?!\n|\Z)){2}")
"""An empty line, each end of a line being CR, LF or both; whether a last CR is one is not known."""
NO_USAGE: Final = re.compile(rb',\s*"usage"\s*:\s*null(?=\s*[,}])')
"""What the option adds to every other chunk. In a text the quotes would be escaped."""
LONGEST_BOUNDARY: Final = 4
USAGE: Final = b'"usage"'


def may_be_asked(method: str, path: str, head: RequestHead) -> bool:
    """Whether a call is one whose body is to be looked at; a large or coded one is not."""
    if method != "POST" or not path.endswith(PATHS):
        return False
    if head.content_encoding or head.expects_continue:
        return False
    return 0 < declared_bytes(head) <= MAX_BODY_BYTES


def declared_bytes(head: RequestHead) -> int:
    """The length that a request declares; 0 for none."""
    for name, value in head.passed:
        if name.lower() == b"content-length" and value.isdigit():
            return int(value)
    return 0


def with_usage(body: bytes) -> bytes | None:
    """The body with the option added; None where it stays as it is."""
    try:
        asked: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(asked, dict) or asked.get("stream") is not True:
        return None
    if "stream_options" not in asked:
        # Every byte of the client's stays where it is.
        end = body.rindex(b"}")
        return b"%b,%b%b" % (body[:end], ASKED, body[end:])
    # Options that are there already would have to be written anew, numbers beside them too.
    return None


def rewritten(head: RequestHead, body: bytes) -> list[tuple[bytes, bytes]]:
    """A request's fields for another body; the answer must be readable, so it comes uncoded."""
    left_out = (b"content-length", b"accept-encoding")
    kept = [pair for pair in head.passed if pair[0].lower() not in left_out]
    return [*kept, (b"Content-Length", b"%d" % len(body)), (b"Accept-Encoding", b"identity")]


def without_extra(head: ResponseHead) -> "UsageFilter | None":
    """Mark a response's fields as modified; what its body goes through, where it is a stream."""
    head.passed.append((MODIFIED, b"include_usage"))
    if not head.is_event_stream:
        return None
    head.passed = [pair for pair in head.passed if pair[0].lower() != b"content-length"]
    head.content_length = None
    return UsageFilter()


class UsageFilter:
    """Takes what only the option brought out of a stream, however that is cut."""

    def __init__(self) -> None:
        """Nothing is held."""
        self._pending = bytearray()

    def feed(self, chunk: bytes) -> bytes:
        """What of the stream may go on; less than an event is held."""
        searched = max(0, len(self._pending) - LONGEST_BOUNDARY + 1)
        self._pending += chunk
        passed, start = [], 0
        for found in BOUNDARY.finditer(self._pending, searched):
            passed.append(without_usage(bytes(self._pending[start : found.end()])))
            start = found.end()
        del self._pending[:start]
        if len(self._pending) > MAX_EVENT_BYTES:
            passed.append(self.end())
        return b"".join(passed)

    def end(self) -> bytes:
        """What is held, when nothing more comes."""
        held = bytes(self._pending)
        self._pending.clear()
        return held


def without_usage(event: bytes) -> bytes:
    """An event as it is where nobody asks; empty for one that would not be there at all."""
    if USAGE not in event:
        return event
    kept = NO_USAGE.sub(b"", event)
    return b"" if USAGE in kept and is_extra(kept) else kept


def is_extra(event: bytes) -> bool:
    """Whether an event is the chunk that holds the usage and nothing else."""
    try:
        chunks: list[Any] = [
            orjson.loads(each.data) for each in SseParser(MAX_EVENT_BYTES).feed(event)
        ]
    except orjson.JSONDecodeError:
        return False
    return any(
        isinstance(chunk, dict)
        and chunk.get("choices") == []
        and isinstance(chunk.get("usage"), dict)
        for chunk in chunks
    )
