"""The broker behind its circuit: what is tried, and what goes past it."""

from proxy.publisher.broker import GuardedBroker
from proxy.publisher.memory import MemoryOutlet
from tests.support.ways import body, record

OK, RETRY = "delivered", "retry"


class Stand:
    """A guarded broker in memory, and how often it was doubted."""

    def __init__(self) -> None:
        self.outlet = MemoryOutlet()
        self.doubts = 0
        self.broker = GuardedBroker(self.outlet, 3600, self._doubt)

    def _doubt(self) -> None:
        self.doubts += 1


async def test_a_failing_topic_is_not_tried_again_and_another_is() -> None:
    stand = Stand()
    stand.outlet.down_topics.add("t.bodies")
    assert await stand.broker.deliver([body(0), record(0)]) == [RETRY, OK]
    assert (stand.broker.is_open, stand.doubts) == (True, 1)
    stand.outlet.down_topics.clear()
    assert await stand.broker.deliver([body(0), record(1)]) == [RETRY, OK]
    assert stand.outlet.taken == [record(0), record(1)]


async def test_an_attempt_that_succeeds_closes_it_for_its_topic() -> None:
    """Others stay open until they are mended."""
    stand = Stand()
    stand.outlet.results.extend([RETRY, RETRY])
    await stand.broker.deliver([body(0), record(0)])
    assert await stand.broker.attempt([record(0)]) == [OK]
    assert stand.broker.is_open
    stand.broker.mend()
    assert not stand.broker.is_open
    assert await stand.broker.deliver([body(0)]) == [OK]


async def test_some_that_failed_are_enough_to_open_it() -> None:
    """A partition without a leader would hold up every batch."""
    stand = Stand()
    stand.outlet.results.extend([OK, RETRY])
    assert await stand.broker.deliver([record(0), record(1)]) == [OK, RETRY]
    assert await stand.broker.deliver([record(2)]) == [RETRY]


async def test_nothing_is_tried_while_no_broker_can_be_reached() -> None:
    """Found out by `reach` alone."""
    stand = Stand()
    stand.outlet.down = True
    assert not await stand.broker.reach()
    assert stand.broker.is_away
    assert await stand.broker.deliver([record(0)]) == [RETRY]
    assert stand.outlet.batches == 0
    stand.outlet.down = False
    assert await stand.broker.reach()
    assert await stand.broker.deliver([record(0)]) == [OK]
    await stand.broker.close()
    assert stand.outlet.closed
