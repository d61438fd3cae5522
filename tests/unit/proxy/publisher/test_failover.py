"""Every transition between the ways out, with all of them in memory."""

import asyncio

import pytest

from proxy.publisher.failover import Times
from tests.support.ways import Hanging, Ways, body, record, settled, started

OK, RETRY, REFUSED = "delivered", "retry", "refused"


async def test_direct_while_the_broker_takes_everything() -> None:
    """Nothing else is touched."""
    async with started(Ways(fallback=True)) as ways:
        assert ways.outlet.state == "direct"
        assert await ways.outlet.deliver([body(1), record(1)]) == [OK, OK]
        assert ways.broker.taken == [body(1), record(1)]
        assert ways.outlet.state == "direct"
    assert ways.taken == {"kafka": 2}


async def test_the_whole_round() -> None:
    """Broker, fallback, spill, nobody, and back: each message is taken once, replayed in order."""
    async with started(Ways(fallback=True)) as ways:
        assert ways.fallback is not None
        assert ways.spill is not None
        ways.broker.down = True
        assert await ways.outlet.deliver([record(0)]) == [OK]
        await settled()
        assert (ways.outlet.state, ways.fallback.taken) == ("fallback", [record(0)])
        ways.fallback.down = True
        assert await ways.outlet.deliver([record(1)]) == [OK]
        assert await ways.outlet.deliver([body(2), record(2)]) == [OK, OK]
        assert ways.outlet.state == "spilling"
        ways.spill.state = "full"
        assert await ways.outlet.deliver([record(3)]) == [RETRY]
        assert ways.outlet.state == "retrying"
        ways.spill.state = "ok"
        ways.broker.down = False
        await ways.naps.end()
        assert ways.outlet.state == "replaying"
        assert await ways.outlet.deliver([record(3)]) == [OK]
        for _ in range(5):
            await ways.naps.end()
        assert ways.outlet.state == "direct"
        assert ways.kept == []
    assert ways.broker.taken == [record(1), record(3), body(2), record(2)]
    assert ways.taken == {"kafka": 1, "fallback": 1, "spill": 3, "replay": 3}


async def test_one_failure_and_nobody_waits_for_the_broker_again() -> None:
    """It is tried aside, with a growing pause."""
    async with started(Ways()) as ways:
        ways.broker.down = True
        await ways.outlet.deliver([record(0)])
        tried = ways.broker.batches
        for number in range(1, 20):
            assert await ways.outlet.deliver([record(number)]) == [OK]
        assert ways.broker.batches == tried == 1
        for _ in range(6):
            await ways.naps.end()
        assert ways.broker.batches == tried
        pauses = ways.naps.asked
        assert pauses[:5] == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2], rel=0.01)
        assert max(pauses) <= 5


async def test_a_broker_that_hangs_holds_one_batch_for_a_bounded_time() -> None:
    """The first one; what comes after it does not wait."""
    hanging = Hanging()
    async with started(Ways(broker=hanging, times=Times(broker_patience_s=0.01))) as ways:
        async with asyncio.timeout(10):
            assert await ways.outlet.deliver([record(0)]) == [OK]
        assert ways.kept == [record(0)]
        assert ways.outlet.state == "spilling"
        hanging.down = True
        await settled()
        async with asyncio.timeout(10):
            assert await ways.outlet.deliver([record(1), body(1)]) == [OK, OK]
        assert ways.taken == {"kafka": 0, "spill": 3}


async def test_a_slow_delivery_is_given_up_once_no_broker_can_be_reached(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Long before its own patience ends."""
    monkeypatch.setattr("proxy.publisher.broker.DOUBT_S", 0.001)
    hanging = Hanging()
    async with started(Ways(broker=hanging, times=Times(broker_patience_s=3600))) as ways:
        hanging.down = True
        async with asyncio.timeout(10):
            assert await ways.outlet.deliver([record(0)]) == [OK]
        assert ways.kept == [record(0)]


async def test_what_the_broker_refuses_takes_no_other_way() -> None:
    """It is the message's own fault; its neighbour that failed goes on."""
    async with started(Ways(fallback=True)) as ways:
        assert ways.fallback is not None
        ways.broker.results.extend([OK, REFUSED, RETRY])
        batch = [record(0), record(1), record(2)]
        assert await ways.outlet.deliver(batch) == [OK, REFUSED, OK]
        assert ways.fallback.taken == [record(2)]
        assert ways.kept == []


async def test_a_message_refused_in_a_replay_is_told_once() -> None:
    """It leaves the spill, and no neighbour stays for it."""
    async with started(Ways()) as ways:
        ways.broker.down = True
        await ways.outlet.deliver([record(0), record(1)])
        ways.broker.down = False
        ways.broker.results.append(REFUSED)
        for _ in range(3):
            await ways.naps.end()
        assert ways.kept == []
    assert ways.refused == [record(0)]
    assert ways.broker.taken == [record(1)]


async def test_a_replay_that_breaks_off_keeps_what_is_left() -> None:
    """The broker dies again in the middle; the rest comes later, nothing twice."""
    async with started(Ways()) as ways:
        ways.broker.down = True
        await ways.outlet.deliver([record(number) for number in range(5)])
        ways.broker.down = False
        ways.broker.results.extend([OK, OK, RETRY, RETRY, RETRY])
        await ways.naps.end()
        assert ways.kept == [record(2), record(3), record(4)]
        assert ways.outlet.state == "spilling"
        for _ in range(3):
            await ways.naps.end()
        assert ways.outlet.state == "direct"
    assert ways.broker.taken == [record(number) for number in range(5)]


async def test_a_topic_that_fails_holds_up_no_other() -> None:
    """Bodies go to the disk; records go direct, and those in the spill pass the bodies there."""
    async with started(Ways()) as ways:
        ways.broker.down = True
        await ways.outlet.deliver([body(0), body(1)])
        await ways.outlet.deliver([record(0)])
        ways.broker.down = False
        ways.broker.down_topics.add("t.bodies")
        for _ in range(4):
            await ways.naps.end()
        assert ways.broker.taken == [record(0)]
        assert await ways.outlet.deliver([body(2), record(2)]) == [OK, OK]
        assert ways.broker.taken == [record(0), record(2)]
        ways.broker.down_topics.clear()
        for _ in range(4):
            await ways.naps.end()
        assert ways.outlet.state == "direct"
    assert ways.broker.taken[2:] == [body(0), body(1), body(2)]


async def test_no_broker_at_boot_and_what_was_left_is_replayed() -> None:
    """Started all the same; what the disk holds of an earlier process arrives first."""
    ways = Ways()
    ways.kept.append(record(0))
    ways.broker.down = True
    assert await ways.outlet.start()
    await settled()
    assert ways.outlet.state == "spilling"
    ways.broker.down = False
    for _ in range(3):
        await ways.naps.end()
    assert ways.broker.taken == [record(0)]
    assert ways.outlet.state == "direct"
    await ways.outlet.close()


async def test_with_nothing_but_a_broker_it_says_so() -> None:
    """No start, a retry at once, and back without anything to replay."""
    ways = Ways(spill=False)
    ways.broker.down = True
    assert not await ways.outlet.start()
    assert await ways.outlet.deliver([record(0)]) == [RETRY]
    assert ways.outlet.state == "retrying"
    await settled()
    ways.broker.down = False
    await ways.naps.end()
    assert ways.outlet.state == "direct"
    assert await ways.outlet.deliver([record(0)]) == [OK]
    await ways.outlet.close()


async def test_a_failed_topic_is_tried_with_new_messages_where_nothing_is_spilled() -> None:
    """The fallback has them all."""
    async with started(Ways(fallback=True, spill=False)) as ways:
        ways.broker.results.append(RETRY)
        assert await ways.outlet.deliver([record(0)]) == [OK]
        assert ways.outlet.state == "fallback"
        await settled()
        await ways.naps.end()
        assert ways.outlet.state == "direct"
        assert await ways.outlet.deliver([record(1)]) == [OK]
    assert ways.broker.taken == [record(1)]


async def test_what_came_from_a_fallback_never_goes_to_one() -> None:
    """Broker, else spill, else nobody."""
    async with started(Ways(fallback=True)) as ways:
        assert ways.fallback is not None
        assert ways.spill is not None
        assert await ways.outlet.keep([record(0)]) == [OK]
        ways.broker.down = True
        assert await ways.outlet.keep([record(1)]) == [OK]
        ways.spill.state = "read_only"
        assert await ways.outlet.keep([record(2)]) == [RETRY]
    assert (ways.broker.taken, ways.kept) == ([record(0)], [record(1)])
    assert ways.fallback.taken == []


async def test_in_a_hurry_the_spill_is_first() -> None:
    """Whatever is under way is given up to it."""
    hanging = Hanging()
    async with started(Ways(broker=hanging, times=Times(broker_patience_s=3600))) as ways:
        delivery = asyncio.ensure_future(ways.outlet.deliver([record(0)]))
        await settled()
        ways.outlet.hurry()
        async with asyncio.timeout(10):
            assert await delivery == [OK]
            assert await ways.outlet.deliver([record(1)]) == [OK]
        assert ways.kept == [record(0), record(1)]


async def test_a_disk_that_cannot_be_read_is_asked_again_later() -> None:
    """Not at once, over and over."""
    async with started(Ways()) as ways:
        assert ways.spill is not None
        next_batch = ways.spill.next_batch

        async def unreadable(max_messages: int, max_bytes: int) -> None:
            del max_messages, max_bytes

        ways.spill.next_batch = unreadable  # type: ignore[method-assign,assignment]
        ways.broker.down = True
        await ways.outlet.deliver([record(0)])
        ways.broker.down = False
        await ways.naps.end()
        await ways.naps.end()
        asked = len(ways.naps.asked)
        await settled()
        assert len(ways.naps.asked) == asked
        ways.spill.next_batch = next_batch  # type: ignore[method-assign]
        for _ in range(3):
            await ways.naps.end()
        assert ways.broker.taken == [record(0)]


async def test_a_fault_of_ours_does_not_end_the_replay(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A spill that raises, against its contract."""
    monkeypatch.setattr("proxy.publisher.failover.RESTART_S", 0.0)
    ways = Ways()
    assert ways.spill is not None
    next_batch, faults = ways.spill.next_batch, [ValueError("a bug")]

    async def faulty(max_messages: int, max_bytes: int) -> object:
        if faults:
            raise faults.pop()
        return await next_batch(max_messages, max_bytes)

    ways.spill.next_batch = faulty  # type: ignore[method-assign,assignment]
    ways.kept.append(record(0))
    async with started(ways):
        for _ in range(3):
            await ways.naps.end()
    assert ways.broker.taken == [record(0)]
    assert "it goes on" in caplog.text


async def test_closing_closes_everything_and_again_is_harmless() -> None:
    """A closed one does not start again."""
    ways = Ways(fallback=True)
    await ways.outlet.start()
    for _ in range(2):
        await ways.outlet.close()
    assert ways.spill is not None
    assert ways.fallback is not None
    assert (ways.broker.closed, ways.fallback.closed, ways.spill.closed) == (True, True, True)
    assert not await ways.outlet.start()
