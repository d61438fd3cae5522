"""How long partitions are surely ours: while the group has heard of us within its session timeout.

A worker that is cut off from its group's coordinator, or was frozen for a while, is not told that
its partitions went to another. But no group gives them away before the session timeout has passed
since the last heartbeat that it answered, and that is counted from when it was sent. So whoever
looks at the lease knows in time: nothing is sent or shown under one that has run out.
"""

from collections.abc import Callable
from time import monotonic
from typing import Any


class Lease:
    """Held since the last answered heartbeat, for the session timeout; from any thread."""

    def __init__(self, timeout_s: float, now_s: Callable[[], float] = monotonic) -> None:
        """Not held: no group knows us yet."""
        self._timeout_s = timeout_s
        self.now_s = now_s
        self._renewed_s: float | None = None

    @property
    def is_good(self) -> bool:
        """Whether nobody else can have our partitions."""
        renewed_s = self._renewed_s
        return renewed_s is not None and self.now_s() - renewed_s < self._timeout_s

    @property
    def age_s(self) -> float:
        """How long ago the group knew us; infinite if it does not."""
        renewed_s = self._renewed_s
        return float("inf") if renewed_s is None else self.now_s() - renewed_s

    def renew(self, at_s: float) -> None:
        """The group knew us at this moment, or later."""
        self._renewed_s = at_s

    def lose(self) -> None:
        """The group does not know us any more."""
        self._renewed_s = None


def keep(lease: Lease, coordinator: Any) -> None:
    """Have an aiokafka `GroupCoordinator` renew a lease, and lose it where the group forgot us."""
    beat, forget = coordinator._do_heartbeat, coordinator.reset_generation

    async def noted() -> bool:
        at_s = lease.now_s()
        is_known = bool(await beat())
        if is_known:
            lease.renew(at_s)
        return is_known

    def lost() -> None:
        lease.lose()
        forget()

    coordinator._do_heartbeat, coordinator.reset_generation = noted, lost
