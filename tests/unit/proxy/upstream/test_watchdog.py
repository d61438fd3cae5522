import asyncio

import pytest

from proxy.upstream import watchdog
from proxy.upstream.watchdog import Watchdog


class Bitten:
    """Counts bites and glances of a watchdog."""

    def __init__(self, limit_s: float) -> None:
        self.glances = 0
        self.event = asyncio.Event()
        self.dog = Watchdog(limit_s, self.event.set, self._glance)

    def _glance(self) -> None:
        self.glances += 1


async def test_it_bites_when_it_stays_armed() -> None:
    bitten = Bitten(0.01)
    bitten.dog.arm()
    await asyncio.wait_for(bitten.event.wait(), 20)


@pytest.mark.parametrize("calm", ["disarm", "cancel"])
async def test_it_does_not_bite_when_calmed(calm: str) -> None:
    calmed, other = Bitten(0.01), Bitten(0.05)
    calmed.dog.arm()
    other.dog.arm()
    getattr(calmed.dog, calm)()
    await asyncio.wait_for(other.event.wait(), 20)
    assert not calmed.event.is_set()


async def test_arming_anew_moves_the_deadline() -> None:
    loop = asyncio.get_running_loop()
    bitten = Bitten(0.1)
    for _ in range(5):
        bitten.dog.arm()
        last_armed_s = loop.time()
        await asyncio.sleep(0.03)
    await asyncio.wait_for(bitten.event.wait(), 20)
    assert loop.time() - last_armed_s >= 0.1


async def test_stirring_moves_the_deadline_late_but_never_early() -> None:
    loop = asyncio.get_running_loop()
    bitten = Bitten(0.1)
    bitten.dog.arm()
    for _ in range(5):
        bitten.dog.stirred = True
        last_stirred_s = loop.time()
        await asyncio.sleep(0.03)
    await asyncio.wait_for(bitten.event.wait(), 20)
    assert loop.time() - last_stirred_s >= 0.1


async def test_stirring_does_not_arm_it() -> None:
    calmed, other = Bitten(0.01), Bitten(0.05)
    calmed.dog.arm()
    calmed.dog.disarm()
    calmed.dog.stirred = True
    other.dog.arm()
    await asyncio.wait_for(other.event.wait(), 20)
    assert not calmed.event.is_set()


async def test_it_can_be_armed_after_it_slept_through_a_calm_time() -> None:
    bitten = Bitten(0.01)
    bitten.dog.arm()
    bitten.dog.disarm()
    await asyncio.sleep(0.03)
    bitten.dog.arm()
    await asyncio.wait_for(bitten.event.wait(), 20)


@pytest.mark.interpreted
async def test_it_glances_while_armed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "GLANCE_S", 0.01)
    bitten = Bitten(0.1)
    bitten.dog.arm()
    await asyncio.wait_for(bitten.event.wait(), 20)
    assert bitten.glances >= 1
