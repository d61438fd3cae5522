import tracemalloc

import pytest

from proxy.json_skim import JsonSkim
from proxy.sse import Event, SseParser


def events(*chunks: bytes, limit: int = 1000) -> list[Event]:
    parser = SseParser(limit)
    return [event for chunk in chunks for event in parser.feed(chunk)]


@pytest.mark.parametrize(
    ("chunks", "expected"),
    [
        ([b"data: a\n\n"], [Event(b"a")]),
        ([b"data:a\n\n"], [Event(b"a")]),
        ([b"data:  a\n\n"], [Event(b" a")]),
        ([b"data: a\r\ndata: b\r\n\r\n"], [Event(b"a\nb")]),
        ([b"data: a\rdata: b\r\r"], [Event(b"a\nb")]),
        ([b"data: a\rdata: b\n\n"], [Event(b"a\nb")]),
        ([b"data: a\r", b"\ndata: b\r", b"\n\r", b"\n"], [Event(b"a\nb")]),
        ([b"data: a\r\r", b"data: b\n\n"], [Event(b"a"), Event(b"b")]),
        ([b"data\n\n"], [Event(b"")]),
        ([b"data:\ndata\n\n"], [Event(b"\n")]),
        ([b"event: ping\n\n"], []),
        ([b"event: ping\n\ndata: a\n\n"], [Event(b"a")]),
        ([b"event: delta\ndata: a\n\ndata: b\n\n"], [Event(b"a", b"delta"), Event(b"b")]),
        ([b"id: 7\ndata: a\n\n", b"data: b\n\n"], [Event(b"a", id=b"7"), Event(b"b", id=b"7")]),
        ([b"id: 7\nid: \0\ndata: a\n\n"], [Event(b"a", id=b"7")]),
        ([b"id: 7\ndata: a\n\nid\ndata: b\n\n"], [Event(b"a", id=b"7"), Event(b"b")]),
        ([b": hi\n\n", b":\ndata: a\n\n"], [Event(b"a")]),
        ([b"retry: 10\nunknown: x\nno colon\ndata: a\n\n"], [Event(b"a")]),
        ([b"\xef\xbb\xbfdata: a\n\n"], [Event(b"a")]),
        ([b"\xef", b"\xbb", b"\xbfdata: a\n\n"], [Event(b"a")]),
        ([b"\xef", b"data: a\n\n"], []),
        ([b"data: a\n\n\xef\xbb\xbfdata: b\n\n"], [Event(b"a")]),
        (["data: é".encode()[:-1], "é".encode()[-1:] + b"\n\n"], [Event("é".encode())]),
        ([b"data: [DONE]\n\n"], [Event(b"[DONE]")]),
        ([b"data: a\n\n", b"", b"data: b\n\n"], [Event(b"a"), Event(b"b")]),
        ([b"data: a"], []),
        ([b"data: a\n"], []),
        ([b"data: a\x0b\x85\x1cb\n\n"], [Event(b"a\x0b\x85\x1cb")]),
    ],
)
def test_streams(chunks: list[bytes], expected: list[Event]) -> None:
    assert events(*chunks) == expected


@pytest.mark.parametrize("rest", [b"data: a", b"data: a\n", b"data: a\r"])
def test_the_end_gives_the_event_that_lacks_its_empty_line(rest: bytes) -> None:
    parser = SseParser(100)
    assert parser.feed(rest) == []
    assert parser.close() == [Event(b"a")]
    assert parser.close() == []


@pytest.mark.parametrize(
    "long",
    [
        [b"data: " + b"x" * 20 + b"\n\n"],
        [b"data: xxxx", b"x" * 16, b"x" * 50, b"\n\n"],
        [b"data: xxxx\n", b"data: xxxx\n", b"data: x\n", b"\n"],
        [b"event: " + b"x" * 20 + b"\ndata: a\n\n"],
        [b"x" * 30, b"\r", b"\ndata: a\r\n\r\n"],
    ],
)
def test_an_event_over_the_limit_is_skipped_alone(long: list[bytes]) -> None:
    parser = SseParser(20)
    found = [
        event for chunk in [b"data: a\n\n", *long, b"data: b\n\n"] for event in parser.feed(chunk)
    ]
    assert found == [Event(b"a"), Event(b"b")]
    assert parser.skipped_total == 1


def test_an_event_at_the_limit_is_kept() -> None:
    line = b"data: " + b"x" * 14
    assert events(line + b"\n\n", line[:9], line[9:] + b"\n\n", limit=20) == [
        Event(b"x" * 14),
        Event(b"x" * 14),
    ]


def test_a_comment_of_any_length_harms_no_event() -> None:
    parser = SseParser(20)
    chunks = [b"data: a\n:", *[b"x" * 15] * 4, b"\ndata: b\n\n"]
    assert [event for chunk in chunks for event in parser.feed(chunk)] == [Event(b"a\nb")]
    assert parser.skipped_total == 0


@pytest.mark.parametrize("endless", [b"x" * 65_536, b"data: x\n" * 8192, b":" * 65_536])
def test_an_endless_event_takes_no_memory(endless: bytes) -> None:
    parser = SseParser(100_000)
    tracemalloc.start()
    for _ in range(100):
        assert parser.feed(endless) == []
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak_bytes < 2_000_000


IMAGE = b'{"b64": "%b", "usage": {"n": 1}}' % (b"iVBOR" * 4000)
IMAGE_EVENT = b"event: done\ndata: " + IMAGE + b"\n\n"


@pytest.mark.parametrize("step", [1, 100, 1100, 10**6])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n", b"\r"])
def test_a_long_line_of_data_is_reduced(step: int, ends: bytes) -> None:
    stream = (b"data: a\n\n" + IMAGE_EVENT + b"data: b\n\n").replace(b"\n", ends)
    parser = SseParser(1000, JsonSkim)
    chunks = [stream[at : at + step] for at in range(0, len(stream), step)]
    assert [event for chunk in chunks for event in parser.feed(chunk)] == [
        Event(b"a"),
        Event(b'{"b64": "", "usage": {"n": 1}}', b"done"),
        Event(b"b"),
    ]
    assert parser.skipped_total == 0


@pytest.mark.parametrize("step", [1, 100, 10**6])
@pytest.mark.parametrize(
    "long",
    [
        b"data: " + b"x" * 2000,
        b"data: " + IMAGE[:-1],
        b"data: {" + b'"a": {"b": "c"},' * 200 + b'"d": 1}',
        b"event: " + b"x" * 2000 + b"\ndata: {}",
        b"data: x" * 500 + b"\n" + IMAGE_EVENT.rstrip(),
    ],
)
def test_what_cannot_be_reduced_is_skipped_alone(long: bytes, step: int) -> None:
    stream = b"data: a\n\n" + long + b"\n\ndata: b\n\n"
    parser = SseParser(1000, JsonSkim)
    chunks = [stream[at : at + step] for at in range(0, len(stream), step)]
    found = [event for chunk in chunks for event in parser.feed(chunk)]
    assert found == [Event(b"a"), Event(b"b")]
    assert parser.skipped_total == 1
