"""A way out that is left alone for a while once it took nothing, so that nobody waits in vain."""

from collections.abc import Callable, Sequence

from app.clock import Clock
from app.engine.backoff import Backoff
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Outlet, Result
from proxy.publisher.patience import Patience

REST_FIRST_S = 1.0
REST_MAX_S = 30.0


class RestingOutlet:
    """Passes batches to an outlet; after one of which nothing was taken, none for some seconds.

    `jitter` gives 0 ≤ x < 1. The first batch after a rest finds out how things are.
    """

    def __init__(
        self, outlet: Outlet, patience_s: float, clock: Clock, jitter: Callable[[], float]
    ) -> None:
        """Awake. No delivery takes longer than `patience_s`."""
        self._outlet = outlet
        self._patience = Patience(patience_s)
        self._clock = clock
        self._backoff = Backoff(REST_FIRST_S, REST_MAX_S, jitter)
        self._rests_until_s = 0.0

    @property
    def is_resting(self) -> bool:
        """Whether the next batch is a `retry` at once."""
        return self._clock.monotonic_s() < self._rests_until_s

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        """As an outlet."""
        retry: list[Result] = ["retry"] * len(batch)
        if self.is_resting:
            return retry
        results = await self._patience.wait(self._outlet.deliver(batch), retry)
        if results == retry:
            self._rests_until_s = self._clock.monotonic_s() + self._backoff.next_s()
        else:
            self._rests_until_s = 0.0
            self._backoff.reset()
        return results

    def hasten(self) -> None:
        """Give up the deliveries that are under way."""
        self._patience.hasten()

    async def close(self) -> None:
        """Let go of connections."""
        await self._outlet.close()
