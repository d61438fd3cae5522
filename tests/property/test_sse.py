"""The SSE parser against the standard's own words, read over the whole stream at once."""

import itertools
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.json_skim import JsonSkim
from proxy.sse import Event, SseParser

PIECES = st.sampled_from(
    [
        b"data: ", b"data:", b"data", b"event: ", b"event", b"id: ", b"id", b"retry: 10", b":",
        b": comment", b"\n", b"\n\n", b"\r", b"\r\n", b"\r\n\r\n", b" ", b"{}", b"[DONE]", b"\0",
        b"\xef\xbb\xbf", b"\xef\xbb", "é€🎉".encode(), b"\x85", b"\x0b\x0c\x1c", b"x" * 40,
    ]
)  # fmt: skip
STREAMS = st.lists(PIECES | st.binary(max_size=8), max_size=40).map(b"".join)


def reference(stream: bytes, limit: int) -> tuple[list[Event], int]:
    """Every event of a stream that ends here, and how many were too long."""
    lines = re.split(rb"\r\n|\r|\n", stream.removeprefix(b"\xef\xbb\xbf"))[:-1]
    events, skipped = [], 0
    data: list[bytes] = []
    name, last_id, size, oversize = b"", b"", 0, False
    for line in lines:
        if line.startswith(b":"):
            continue
        size += len(line)
        oversize = oversize or size > limit
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if not line:
            skipped += oversize
            if data and not oversize:
                events.append(Event(b"\n".join(data), name or b"message", last_id))
            data, name, size, oversize = [], b"", 0, False
        elif oversize:
            continue
        elif field == b"data":
            data.append(value)
        elif field == b"event":
            name = value
        elif field == b"id" and b"\0" not in value:
            last_id = value
    return events, skipped


def chunks_of(stream: bytes, positions: list[int]) -> list[bytes]:
    edges = [0, *sorted(at % (len(stream) + 1) for at in positions), len(stream)]
    return [stream[start:end] for start, end in itertools.pairwise(edges)]


@settings(max_examples=1000)
@given(STREAMS, st.lists(st.integers(0, 10_000), max_size=12), st.sampled_from([12, 45, 10_000]))
def test_any_stream_in_any_cut_is_what_the_standard_says(
    stream: bytes, positions: list[int], limit: int
) -> None:
    parser = SseParser(limit)
    events = [event for chunk in chunks_of(stream, positions) for event in parser.feed(chunk)]
    assert (events, parser.skipped_total) == reference(stream, limit)


@given(STREAMS, st.lists(st.integers(0, 10_000), max_size=12))
def test_what_is_too_long_and_no_object_is_skipped_with_a_reducer_too(
    stream: bytes, positions: list[int]
) -> None:
    parser = SseParser(12, JsonSkim)
    events = [event for chunk in chunks_of(stream, positions) for event in parser.feed(chunk)]
    expected, skipped = reference(stream, 12)
    assert len(events) + parser.skipped_total == len(expected) + skipped
    assert all(event in events for event in expected)


@given(STREAMS)
def test_a_stream_byte_by_byte(stream: bytes) -> None:
    parser = SseParser(30)
    events = [event for at in range(len(stream)) for event in parser.feed(stream[at : at + 1])]
    assert (events, parser.skipped_total) == reference(stream, 30)


@given(st.lists(st.binary(max_size=20).filter(lambda d: not re.search(rb"[\r\n]", d)), min_size=1))
def test_what_is_written_is_read(lines: list[bytes]) -> None:
    stream = b"".join(b"data: " + line + b"\n" for line in lines)
    assert SseParser(10_000).feed(stream + b"\n") == [Event(b"\n".join(lines))]
    closed = SseParser(10_000)
    assert [*closed.feed(stream[:-1]), *closed.close()] == [Event(b"\n".join(lines))]
