"""Golden exchanges: the same record whatever the cut, the coding and the place of a break."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.record.codec import decode_record, encode_record
from proxy.exchange import Finished
from tests.support.captures import GOLDEN, GoldenExchange, ended, golden_exchanges, said

ALL = golden_exchanges()
STREAMS = [each for each in ALL if each.streams]
SENT = STREAMS[[each.name for each in STREAMS].index("openai_chat-stream_usage")]
ENCODED = sorted((GOLDEN / "encodings").iterdir())
ECHOED = b"sk-not-a-real-key"
by_name = pytest.mark.parametrize("golden", ALL, ids=lambda golden: golden.name)
by_stream = pytest.mark.parametrize("golden", STREAMS, ids=lambda golden: golden.name)
by_encoded = pytest.mark.parametrize("file", ENCODED, ids=lambda file: file.suffix[1:])


def events_of(golden: GoldenExchange) -> list[bytes]:
    """The response cut after each event, comments with the event that follows them."""
    if not golden.response.startswith((b"data", b"event", b":")):
        return golden.response.splitlines(keepends=True)
    blocks = re.findall(rb".+?(?:\r\n\r\n|\n\n|\r\r)", golden.response, re.DOTALL)
    assert b"".join(blocks) == golden.response
    events, comment = [], b""
    for block in blocks:
        if block.startswith(b":"):
            comment = block
        else:
            events.append(comment + block)
            comment = b""
    return events


def cuts(data: bytes) -> Iterator[list[bytes]]:
    for position in range(len(data) + 1):
        yield [data[:position], data[position:]]


def assert_as_expected(golden: GoldenExchange, finished: Finished) -> None:
    expected = golden.expected["record"]
    assert said(finished, expected) == expected
    assert finished.notes == ()


@by_name
def test_a_golden_exchange_fed_whole(golden: GoldenExchange) -> None:
    finished = golden.feed([golden.response])
    assert_as_expected(golden, finished)
    record = finished.record
    assert record.status == golden.expected["response"]["status"]
    assert (record.request_bytes, record.response_bytes) == (
        len(golden.request),
        len(golden.response),
    )
    assert decode_record(encode_record(record)) == record
    assert finished.bodies is not None
    assert finished.bodies.response is not None
    sent = finished.bodies.request
    assert (sent.data if sent is not None else b"") == golden.request
    assert finished.bodies.response.data == golden.response.replace(ECHOED, b"***")


@by_name
def test_a_golden_exchange_fed_byte_by_byte(golden: GoldenExchange) -> None:
    finished = golden.feed(golden.response[at : at + 1] for at in range(len(golden.response)))
    assert_as_expected(golden, finished)
    assert finished.bodies is not None
    assert finished.bodies.response is not None
    assert finished.bodies.response.data == golden.response.replace(ECHOED, b"***")


@by_name
def test_a_golden_exchange_told_of_many_chunks_at_once(golden: GoldenExchange) -> None:
    response = golden.response
    for size in (1, 7, 100, 4096):
        chunks = [response[at : at + size] for at in range(0, len(response), size)]
        assert golden.feed_together(chunks) == golden.feed(chunks)


@by_name
def test_a_golden_exchange_cut_at_every_byte(golden: GoldenExchange) -> None:
    whole = golden.feed([golden.response])
    for chunks in cuts(golden.response):
        assert golden.feed(chunks) == whole


@by_encoded
def test_each_encoding_says_the_same_cut_at_every_byte(file: Path) -> None:
    data = file.read_bytes()
    encoding = file.suffix[1:].split("-")[0].replace("+", ", ")
    for chunks in cuts(data):
        finished = SENT.feed(chunks, encoding=encoding)
        assert_as_expected(SENT, finished)
        assert finished.record.response_bytes == len(data)
    assert finished.bodies is not None
    assert finished.bodies.response is not None
    assert finished.bodies.response.data == data
    assert finished.bodies.response.content_encoding == encoding


@by_encoded
def test_an_encoding_cut_short_is_a_stream_cut_short(file: Path) -> None:
    data = file.read_bytes()
    encoding = file.suffix[1:].split("-")[0].replace("+", ", ")
    finished = SENT.feed([data[: len(data) // 3]], encoding=encoding)
    assert finished.record.outcome == "upstream_error"
    assert finished.record.error == "truncated"
    assert "response_not_decoded" in finished.notes


@by_stream
def test_tokens_are_timed_by_the_event_that_shows_them(golden: GoldenExchange) -> None:
    capture = golden.capture()
    for index, event in enumerate(events_of(golden)):
        capture.feed_response([event], [101.0 + index])
    record = ended(capture, at_s=200.0).record
    timings = record.timings_ms
    first = golden.expected["first_token_event"]
    assert timings.first_token == (None if first is None else 1000.0 * (1 + first))
    assert timings.first_byte == 1000.0
    if golden.expected["tokens"] < 2:
        assert (timings.inter_token_p50, timings.inter_token_p99) == (None, None)
        assert record.output_tokens_per_s is None or timings.first_reasoning_token is not None
    else:
        assert timings.inter_token_p50 == pytest.approx(1000.0, rel=0.03)
        assert timings.first_reasoning_token is None or timings.first_reasoning_token >= 1000.0


@by_stream
def test_a_stream_cut_at_every_event_is_told_as_it_is(golden: GoldenExchange) -> None:
    events = events_of(golden)
    whole = golden.expected["record"]
    usage_event = golden.expected["usage_event"]
    complete_event = golden.expected.get("complete_event", len(events))
    for seen in range(len(events)):
        record = said(golden.feed(events[:seen]), ("outcome", "error", "usage"))
        if seen > complete_event or golden.dialect == "unknown":
            assert (record["outcome"], record["error"]) == (whole["outcome"], whole["error"])
        else:
            assert (record["outcome"], record["error"]) == ("upstream_error", "truncated")
        if usage_event is not None and seen > usage_event:
            assert record["usage"] == whole["usage"]
        elif seen == 0:
            assert record["usage"] is None
        else:
            assert record["usage"] is None or record["usage"]["estimated"] is True


@by_stream
def test_a_client_that_leaves_is_not_the_upstreams_fault(golden: GoldenExchange) -> None:
    capture = golden.capture()
    capture.feed_response([b"".join(events_of(golden)[:1])], [101.5])
    record = ended(capture, "client_abort", "the client left").record
    assert (record.outcome, record.error) == ("client_abort", "the client left")
    assert record.usage is None or record.usage.estimated or golden.expected["usage_event"] == 0
