import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from app.clock import ManualClock
from app.errors import RelayRefused
from app.ids import CountedIds
from app.metrics import Metrics
from config.sections import CaptureSettings
from proxy.relay.call import HELD_BYTES, HELD_CHUNKS, Call, Calls
from proxy.relay.headers import RequestHead, ResponseHead, split_request
from proxy.relay.recording import Recorder
from proxy.relay.upstreams import Upstream
from tests.support.plain_capture import PlainCapture
from tests.support.relay import ListSink

UPSTREAM = Upstream("up", "openai", "http://h:1", "/base")
STARTED = ResponseHead(content_type=b"a/b", provider_request_id=b"req_1")


class Desk:
    """Calls with everything around them in memory."""

    def __init__(self, *kinds: type[PlainCapture], **limits: Any) -> None:
        """The kinds of the first captures; all others are plain."""
        self.sink, self.metrics, self.clock = ListSink(), Metrics(), ManualClock()
        self.captures: list[PlainCapture] = []
        self._kinds = list(kinds)
        settings = CaptureSettings(**limits)
        self.calls = Calls(
            Recorder(self.sink, self._make, self.clock, CountedIds(), self.metrics, settings)
        )

    def _make(self, *args: Any) -> PlainCapture:
        kind = self._kinds.pop(0) if self._kinds else PlainCapture
        self.captures.append(kind(*args))
        return self.captures[-1]

    def open(self, target: str = "/v1/x", *raw: tuple[bytes, bytes]) -> Call:
        return self.calls.open("POST", UPSTREAM, target, split_request(raw))

    def count(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"tailrace_{name}", labels)


def broken(*names: str) -> type[PlainCapture]:
    """A capture whose named methods fail."""

    def fail(self: PlainCapture, *args: object) -> None:
        raise ZeroDivisionError

    return type("Broken", (PlainCapture,), dict.fromkeys(names, fail))


def ended_by(mark: bytes) -> type[PlainCapture]:
    """A capture that knows an end mark."""

    def feed(self: PlainCapture, chunks: Sequence[bytes], times_s: Sequence[float]) -> None:
        self.ended = any(mark in chunk for chunk in chunks)

    return type("Ended", (PlainCapture,), {"feed_response": feed})


async def test_a_call_from_its_head_to_its_record() -> None:
    desk = Desk()
    call = desk.open("/v1/x?api_key=s&a=b", (b"Tailrace-User-Id", b"alice"))
    call.feed_request(b"12345")
    call.request_sent(0.5)
    assert call.request_complete
    call.response_started(200, STARTED)
    call.feed_response(b"123")
    desk.clock.advance(2)
    call.finish("completed")
    assert desk.captures[0].steps == [
        "feed_request",
        "request_sent",
        "response_started",
        "feed_response",
        "finish",
    ]
    record = desk.sink.finished[0].record
    assert (record.user, record.path, record.provider) == ("alice", "/v1/x", "up")
    assert record.upstream_url == "http://h:1/base/v1/x?api_key=***&a=b"
    assert record.timings_ms.total == 2000
    assert desk.count("relayed_total", upstream="up", outcome="completed") == 1


async def test_only_the_first_end_counts() -> None:
    desk = Desk()
    call = desk.open()
    call.finish("timeout", "late")
    call.finish("completed")
    assert [each.record.outcome for each in desk.sink.finished] == ["timeout"]


async def test_calls_that_went_well_are_finished_soon_with_the_time_of_their_end() -> None:
    desk = Desk()
    calls = [desk.open() for _ in range(3)]
    for call in calls:
        desk.clock.advance(1)
        call.complete()
    assert desk.sink.finished == []
    desk.clock.advance(100)
    for _ in range(10):
        await asyncio.sleep(0)
    assert [each.record.timings_ms.total for each in desk.sink.finished] == [1000, 2000, 3000]


async def test_an_answer_has_its_place_before_its_record_is_made() -> None:
    """Once: a process that is killed in between is known to have had it."""
    desk = Desk()
    for number in range(3):
        call = desk.open()
        call.take_place()
        call.complete()
        assert (len(desk.sink.stamped), len(desk.sink.finished)) == (number + 1, 0)
    for _ in range(10):
        await asyncio.sleep(0)
    assert [each.record.sequence for each in desk.sink.finished] == [0, 1, 2]
    assert desk.sink.stamped == ["default"] * 3


async def test_a_place_that_cannot_be_had_yet_is_asked_for_with_the_record() -> None:
    desk = Desk()
    call, stamp = desk.open(), desk.sink.stamp
    desk.sink.stamp = lambda tenant: 1 / 0  # type: ignore[method-assign, assignment, return-value]
    call.take_place()
    desk.sink.stamp = stamp  # type: ignore[method-assign]
    call.finish("completed")
    assert len(desk.sink.finished) == 1
    assert desk.count("capture_failures_total", stage="finish") == 1


async def test_the_capture_is_told_of_what_passed_when_that_is_much() -> None:
    """Before the end; of each event once, and in its order."""
    desk = Desk()
    call = desk.open()
    call.feed_request(b"r" * 100)
    call.request_sent()
    call.response_started(200, STARTED)
    for _ in range(2):
        call.feed_response(b"c" * (HELD_BYTES // 2))
    assert desk.captures[0].steps == [
        "feed_request",
        "request_sent",
        "response_started",
        "feed_response",
    ]
    assert desk.captures[0].response_bytes == HELD_BYTES
    call.feed_response(b"")
    call.feed_response(b"last")
    call.finish("completed")
    assert desk.captures[0].steps[4:] == ["feed_response", "finish"]
    assert desk.sink.finished[0].record.response_bytes == HELD_BYTES + 4


async def test_nor_are_many_small_chunks_held() -> None:
    desk = Desk()
    call = desk.open()
    call.response_started(200, STARTED)
    for _ in range(HELD_CHUNKS):
        call.feed_response(b"c")
    assert desk.captures[0].response_bytes == HELD_CHUNKS


async def test_what_waits_to_be_read_is_bounded() -> None:
    """Whatever passes, no more than a little of it."""
    call = Desk().open()
    call.response_started(200, STARTED)
    for size in (1, 10, 1000, HELD_BYTES) * 100:
        call.feed_response(b"c" * size)
        assert call._held_bytes <= HELD_BYTES
        assert len(call._chunks) < HELD_CHUNKS


async def test_a_large_request_is_told_of_while_it_passes() -> None:
    desk = Desk()
    call = desk.open()
    call.feed_request(b"r" * (HELD_BYTES + 1))
    assert desk.captures[0].request_bytes == HELD_BYTES + 1
    call.feed_request(b"r")
    call.finish("client_abort", "left")
    assert desk.sink.finished[0].record.request_bytes == HELD_BYTES + 2


async def test_whether_it_is_answered_is_known_by_what_has_just_come() -> None:
    desk = Desk(ended_by(b"[DONE]"))
    call = desk.open()
    call.response_started(200, STARTED)
    call.feed_response(b"data: x")
    assert not call.answered
    call.feed_response(b"data: [DONE]")
    assert call.answered


@pytest.mark.parametrize(
    "method", ["feed_request", "request_sent", "response_started", "feed_response"]
)
async def test_a_capture_that_fails_is_given_up_and_a_fresh_one_makes_the_record(
    method: str,
) -> None:
    desk = Desk(broken(method))
    call = desk.open()
    call.feed_request(b"1")
    call.request_sent()
    call.response_started(200, STARTED)
    call.feed_response(b"1")
    call.finish("completed")
    record = desk.sink.finished[0].record
    assert (record.outcome, record.status, record.response_bytes) == ("completed", 200, 0)
    assert len(desk.captures) == 2
    assert desk.count("capture_failures_total", stage="capture") == 1


async def test_a_record_that_cannot_be_made_is_counted() -> None:
    desk = Desk(broken("finish"), broken("finish"))
    desk.open().finish("completed")
    assert desk.sink.finished == []
    assert desk.count("capture_failures_total", stage="capture") == 1
    assert desk.count("capture_failures_total", stage="finish") == 1


async def test_whether_the_client_has_its_answer() -> None:
    desk = Desk()
    call = desk.open()
    assert not call.answered
    desk.captures[0].ended = True
    assert call.answered


async def test_a_bad_header_is_the_calls_refusal() -> None:
    refusal = Desk().open("/", (b"Tailrace-Omit-Request", b"maybe")).refusal
    assert isinstance(refusal, RelayRefused)


async def test_left_out_properties_are_counted() -> None:
    desk = Desk(max_properties=1)
    desk.open("/", (b"Tailrace-Property-A", b"1"), (b"Tailrace-Property-B", b"2"))
    assert desk.count("properties_dropped_total") == 1


async def test_calls_of_no_upstream_are_counted() -> None:
    desk = Desk()
    desk.calls.count_unrelayed("unknown_upstream")
    assert desk.count("unrelayed_total", reason="unknown_upstream") == 1


async def test_aborting_ends_both_halves_of_the_upstreams_side() -> None:
    aborted: list[str] = []

    class Response:
        def abort(self) -> None:
            aborted.append("response")

    call = Desk().open()
    call.abort()
    call.response = Response()  # type: ignore[assignment]
    call.sending = asyncio.create_task(asyncio.Event().wait())  # type: ignore[assignment, arg-type]
    call.abort()
    with pytest.raises(asyncio.CancelledError):
        await call.sending
    assert aborted == ["response"]


def test_a_head_says_nothing_by_default() -> None:
    fresh, split = RequestHead(), split_request([])
    assert fresh.passed == fresh.own == fresh.credentials == split.passed == split.own == []
    assert fresh.content_type == fresh.content_encoding == split.content_type == b""
    assert not any((fresh.authorized, fresh.chunked, fresh.expects_continue))
