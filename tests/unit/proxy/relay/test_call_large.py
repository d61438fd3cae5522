"""Calls with large bodies: one record each, once the bodies are settled, whatever fails."""

import asyncio

from proxy.relay.call import HELD_BYTES, Call
from proxy.relay.headers import ResponseHead
from tests.support.large import MemoryLargeBody
from tests.unit.proxy.relay.test_call import Desk, broken

HEAD = ResponseHead(content_type=b"a/b")


def on_its_way(desk: Desk, call: Call) -> MemoryLargeBody:
    """A body of the call that goes elsewhere, as its capture has found."""
    call.feed_request(b"r" * (HELD_BYTES + 1))
    body = MemoryLargeBody("b")
    desk.captures[-1].large = [body]
    return body


async def test_the_record_goes_out_once_its_bodies_are_settled() -> None:
    desk = Desk()
    call = desk.open()
    body = on_its_way(desk, call)
    call.response_started(200, HEAD)
    desk.clock.advance(2)
    call.finish("completed")
    call.finish("client_abort")
    desk.clock.advance(50)
    await asyncio.sleep(0)
    assert (desk.sink.finished, body.has_ended) == ([], True)
    # Half a minute may go by: what a process had when it was killed is known all the same.
    assert desk.sink.stamped == ["default"]
    body.settle()
    await desk.calls.finishing.close(30)
    (finished,) = desk.sink.finished
    assert finished.record.outcome == "completed"
    assert finished.record.timings_ms.total == 2000
    assert desk.count("relayed_total", upstream="up", outcome="completed") == 1


async def test_a_capture_that_does_not_know_its_bodies_costs_no_record() -> None:
    desk = Desk(broken("larger"))
    call = desk.open()
    call.feed_request(b"x")
    call.finish("completed")
    assert len(desk.sink.finished) == 1
    assert desk.count("capture_failures_total", stage="capture") == 2


async def test_a_capture_that_fails_drops_its_bodies() -> None:
    desk = Desk(broken("feed_response"))
    call = desk.open()
    body = on_its_way(desk, call)
    call.response_started(200, HEAD)
    call.feed_response(b"x" * (HELD_BYTES + 1))
    assert body.state == "dropped"
    call.finish("completed")
    assert len(desk.sink.finished) == 1
