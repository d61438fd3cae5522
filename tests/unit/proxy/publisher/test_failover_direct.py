"""The broker itself: found again after a boot without it, and told what nobody else is."""

import asyncio

import pytest

from proxy.publisher.failover import Times
from proxy.publisher.memory import MemoryOutlet
from tests.support.ways import Hanging, Ways, record, settled, started

OK, RETRY = "delivered", "retry"


class Connecting(MemoryOutlet):
    """It takes a while to find out whether there is a broker, as with a real one."""

    async def start(self) -> bool:
        await asyncio.sleep(0)
        return await super().start()


@pytest.mark.parametrize("fallback", [True, False])
@pytest.mark.parametrize("spill", [True, False])
async def test_no_broker_at_boot_and_it_is_used_once_it_is_there(
    fallback: bool, spill: bool
) -> None:
    """Though nothing is spilled, and nothing offered meanwhile."""
    ways = Ways(broker=Connecting(), fallback=fallback, spill=spill)
    ways.broker.down = True
    async with started(ways):
        assert ways.outlet.state != "direct"
        if fallback:
            assert await ways.outlet.deliver([record(0)]) == [OK]
        for _ in range(3):
            await ways.naps.end()
        assert ways.outlet.state != "direct"
        ways.broker.down = False
        await ways.naps.end()
        assert ways.outlet.state == "direct"
        assert await ways.outlet.deliver([record(1)]) == [OK]
    assert ways.broker.taken == [record(1)]


async def test_what_is_for_the_broker_alone_is_kept_nowhere() -> None:
    """Also while it hangs, and at the end of the process."""
    hanging = Hanging()
    times = Times(broker_patience_s=0.01)
    async with started(Ways(broker=hanging, fallback=True, times=times)) as ways:
        assert ways.fallback is not None
        async with asyncio.timeout(10):
            assert await ways.outlet.deliver_direct([record(0)]) == [RETRY]
        hanging.down = True
        await settled()
        assert await ways.outlet.deliver_direct([record(0)]) == [RETRY]
        hanging.down = hanging.hangs = False
        await ways.naps.end()
        ways.outlet.hurry()
        assert await ways.outlet.deliver_direct([record(1)]) == [OK]
    assert (ways.broker.taken, ways.fallback.taken, ways.kept) == ([record(1)], [], [])
    assert ways.taken == {"kafka": 1}
