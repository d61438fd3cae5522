"""One step of a replay: what leaves the spill, and how fast."""

import pytest

from app.clock import ManualClock
from app.tasks import spawn
from proxy.publisher.broker import GuardedBroker
from proxy.publisher.memory import MemoryOutlet
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.replay import Replayer
from proxy.publisher.spill_store import MemorySpill
from tests.support.ways import BODIES, Hanging, body, record, settled


class Stand:
    """A replayer whose sleep moves the clock."""

    def __init__(self, messages_per_s: float = 100.0, outlet: MemoryOutlet | None = None) -> None:
        self.outlet = outlet or MemoryOutlet()
        self.spill = MemorySpill({BODIES})
        self.clock = ManualClock()
        self.delivered = 0
        self.refused: list[Outgoing] = []
        self.replayer = Replayer(
            self.spill,
            GuardedBroker(self.outlet, 3600, lambda: None),
            messages_per_s=messages_per_s,
            clock=self.clock,
            sleep=self._sleep,
            on_delivered=self._count,
            on_refused=self.refused.append,
        )

    async def _sleep(self, seconds: float) -> None:
        self.clock.advance(seconds)

    def _count(self, messages: int) -> None:
        self.delivered += messages


async def test_nothing_to_replay() -> None:
    assert await Stand().replayer.step() == "nothing"


@pytest.mark.parametrize("messages_per_s", [1.0, 50.0, 1000.0])
async def test_the_rate_is_kept(messages_per_s: float) -> None:
    """Over all steps together, whatever a batch holds."""
    stand = Stand(messages_per_s)
    stand.spill.kept += [record(number) for number in range(1000)]
    while await stand.replayer.step() == "delivered":
        assert stand.delivered <= stand.clock.monotonic_s() * messages_per_s + 1e-6
    assert stand.delivered == 1000
    assert stand.clock.monotonic_s() == pytest.approx(1000 / messages_per_s)
    assert stand.outlet.taken == [record(number) for number in range(1000)]


async def test_the_time_of_the_delivery_counts() -> None:
    """No pause follows a broker that is slower than the rate."""
    stand = Stand()
    deliver = stand.outlet.deliver

    async def slow(batch: list[Outgoing]) -> list[str]:
        stand.clock.advance(10)
        return await deliver(batch)  # type: ignore[return-value]

    stand.outlet.deliver = slow  # type: ignore[method-assign,assignment]
    stand.spill.kept.append(record(0))
    assert await stand.replayer.step() == "delivered"
    assert stand.clock.monotonic_s() == 10


async def test_what_fails_is_put_back_behind_the_others() -> None:
    """What was delivered is not replayed again."""
    stand = Stand()
    stand.spill.kept += [record(number) for number in range(3)]
    stand.outlet.results.extend(["delivered", "retry", "refused"])
    assert await stand.replayer.step() == "failed"
    assert stand.spill.kept == [record(1)]
    assert (stand.delivered, stand.refused) == (1, [record(2)])


async def test_what_cannot_be_put_back_comes_again_with_all_its_batch() -> None:
    """The disk is full: rather twice than never, and counted once."""
    stand = Stand()
    stand.spill.kept += [record(number) for number in range(3)]
    stand.spill.state = "full"
    stand.outlet.results.extend(["delivered", "retry", "refused"])
    assert await stand.replayer.step() == "failed"
    assert (stand.delivered, stand.refused, len(stand.spill.kept)) == (0, [], 3)
    assert await stand.replayer.step() == "delivered"
    assert stand.delivered == 3


async def test_a_batch_that_fails_wholly_lets_another_kind_pass() -> None:
    """It stays where it is if it holds up nothing else."""
    stand = Stand()
    stand.outlet.down = True
    stand.spill.kept += [record(0), record(1)]
    assert await stand.replayer.step() == "failed"
    assert stand.spill.kept == [record(0), record(1)]
    stand = Stand()
    stand.outlet.down = True
    stand.spill.kept += [body(0), record(1)]
    assert await stand.replayer.step() == "failed"
    assert stand.spill.kept == [record(1), body(0)]


async def test_a_step_that_is_cancelled_loses_nothing() -> None:
    """The same batch is replayed again."""
    outlet = Hanging()
    stand = Stand(outlet=outlet)
    stand.spill.kept += [record(0), record(1)]
    step = spawn(stand.replayer.step(), name="step")
    await settled()
    step.cancel()
    await settled()
    assert stand.spill.kept == [record(0), record(1)]
    outlet.hangs = False
    assert await stand.replayer.step() == "delivered"
    assert outlet.taken == [record(0), record(1)]
