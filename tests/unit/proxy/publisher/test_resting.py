"""A way out that is left alone after it failed."""

from app.clock import ManualClock
from proxy.publisher.memory import MemoryOutlet
from proxy.publisher.resting import REST_FIRST_S, REST_MAX_S, RestingOutlet
from tests.support.ways import Hanging, record

OK, RETRY = "delivered", "retry"


def resting(outlet: MemoryOutlet, clock: ManualClock, patience_s: float = 3600) -> RestingOutlet:
    return RestingOutlet(outlet, patience_s, clock, lambda: 0.999)


async def test_after_a_failure_it_rests_and_then_is_tried() -> None:
    """For longer each time, up to a bound; a success ends it."""
    outlet, clock = MemoryOutlet(), ManualClock()
    way = resting(outlet, clock)
    outlet.down = True
    assert await way.deliver([record(0)]) == [RETRY]
    assert way.is_resting
    assert await way.deliver([record(0)]) == [RETRY]
    assert outlet.batches == 1
    for _ in range(10):
        clock.advance(REST_MAX_S)
        assert not way.is_resting
        await way.deliver([record(0)])
    clock.advance(REST_MAX_S / 2)
    assert way.is_resting
    outlet.down = False
    clock.advance(REST_MAX_S)
    assert await way.deliver([record(0)]) == [OK]
    outlet.down = True
    await way.deliver([record(1)])
    clock.advance(REST_FIRST_S)
    assert not way.is_resting


async def test_one_that_took_anything_does_not_rest() -> None:
    outlet = MemoryOutlet()
    way = resting(outlet, ManualClock())
    outlet.results.extend([OK, RETRY])
    assert await way.deliver([record(0), record(1)]) == [OK, RETRY]
    assert not way.is_resting


async def test_one_that_hangs_is_given_up() -> None:
    """And closed like any other."""
    outlet = Hanging()
    way = resting(outlet, ManualClock(), 0.001)
    assert await way.deliver([record(0)]) == [RETRY]
    assert way.is_resting
    way.hasten()
    await way.close()
    assert outlet.closed
