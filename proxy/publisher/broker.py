"""The broker behind a circuit: what it failed at is not tried again before it was tried aside.

The circuit is open for all topics while no broker can be reached, else for each topic that failed:
a topic that is missing or has no leader holds up no other.
"""

from collections.abc import Callable, Sequence

from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Outlet, Result
from proxy.publisher.patience import Patience

DOUBT_S = 0.5


class GuardedBroker:
    """An outlet to the broker for several tasks at a time.

    `on_doubt` is called, in the event loop, when a delivery takes long or has failed: the moment
    to find out by `reach` whether there is a broker at all.
    """

    def __init__(self, outlet: Outlet, patience_s: float, on_doubt: Callable[[], None]) -> None:
        """Closed. No delivery takes longer than `patience_s`, nor any attempt to reach it."""
        self._outlet = outlet
        self._on_doubt = on_doubt
        self._deliveries = Patience(patience_s, doubt_s=DOUBT_S, on_doubt=on_doubt)
        self._calls = Patience(patience_s)
        self._failing: set[str] = set()
        self.is_away = False

    @property
    def is_open(self) -> bool:
        """Whether anything goes past the broker."""
        return self.is_away or bool(self._failing)

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        """As an outlet; what the circuit is open for is a `retry` at once."""
        if not self.is_open:
            return await self.attempt(batch)
        results: list[Result] = ["retry"] * len(batch)
        if self.is_away:
            return results
        places = [i for i, message in enumerate(batch) if message.topic not in self._failing]
        if places:
            answers = await self.attempt([batch[place] for place in places])
            for place, answer in zip(places, answers, strict=True):
                results[place] = answer
        return results

    async def attempt(self, batch: Sequence[Outgoing]) -> list[Result]:
        """Deliver whatever the circuit says, which learns from it."""
        retry: list[Result] = ["retry"] * len(batch)
        results = await self._deliveries.wait(self._outlet.deliver(batch), retry)
        if self._failing or "retry" in results:
            self._learn(batch, results)
        return results

    def _learn(self, batch: Sequence[Outgoing], results: Sequence[Result]) -> None:
        failing = {m.topic for m, result in zip(batch, results, strict=True) if result == "retry"}
        self._failing -= {message.topic for message in batch} - failing
        if failing:
            self._failing |= failing
            self._on_doubt()

    async def reach(self) -> bool:
        """Find out whether there is a broker; if not, nobody waits for it any longer."""
        reached = await self._calls.wait(self._outlet.start(), False)
        self.is_away = not reached
        if not reached:
            self.hasten()
        return reached

    def mend(self) -> None:
        """Let the next messages of each failing topic try whether it works again."""
        self._failing.clear()

    def hasten(self) -> None:
        """Give up the deliveries that are under way."""
        self._deliveries.hasten()

    async def close(self) -> None:
        """Let go of connections."""
        await self._outlet.close()
