"""Who may send now: so many attempts at a time for an endpoint, and room left for the others.

The deliveries of several endpoints come through one partition, and only so many of a partition are
under way at a time. An endpoint takes no more than its limit and no more than what would be left
free, so that however many endpoints hang, the next one finds room. Beyond that a delivery waits a
moment where the endpoint is quick enough to make that worthwhile; otherwise it is put off at once.
What was learnt of an endpoint is forgotten when it is changed: it may lead elsewhere now.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from app.webhooks.breaker import Breaker, BreakerOptions
from app.webhooks.endpoint import Endpoint

PATIENCE_S = 0.1
LONGEST_WAIT_S = 0.4
FIRST_GUESS_S = 0.005
SMOOTHING = 0.2
MAX_IDLE_ENDPOINTS = 1000


@dataclass(slots=True)
class Lane:
    """One endpoint: what is under way and who waits for a place."""

    breaker: Breaker
    updated_at: datetime
    busy: int = 0
    waiting: "deque[asyncio.Future[None]]" = field(default_factory=deque)
    took_s: float = FIRST_GUESS_S
    moved_s: float = 0.0

    @property
    def is_idle(self) -> bool:
        """Whether nothing is lost by forgetting it."""
        return not self.busy and not self.waiting and not self.breaker.is_open


class Admission:
    """The lanes of all endpoints of one process."""

    def __init__(
        self,
        limit: int,
        places: int,
        monotonic_s: Callable[[], float],
        options: BreakerOptions | None = None,
    ) -> None:
        """`limit` attempts at a time for an endpoint, `places` for all of a partition."""
        self._limit = limit
        self._places = places
        self._monotonic_s = monotonic_s
        self._options = options or BreakerOptions()
        self._lanes: dict[str, Lane] = {}
        self._busy: dict[int, int] = {}

    @property
    def open_breakers(self) -> int:
        """How many endpoints are left alone now."""
        return sum(lane.breaker.is_open for lane in self._lanes.values())

    async def enter(self, partition: int, endpoint: Endpoint) -> float | None:
        """Take a place; None: it is taken, and `leave` must follow. Else for how long to put off.

        0: no place is free, any time later will do.
        """
        lane = self._lane(endpoint)
        if (wait_s := lane.breaker.wait_s(self._monotonic_s())) > 0:
            return wait_s
        if lane.waiting or not self._has_room(partition, lane):
            if not self._is_worth_waiting(lane) or not await self._wait(partition, lane):
                return 0.0
            if (wait_s := lane.breaker.wait_s(self._monotonic_s())) > 0:
                self._give(partition, lane)
                return wait_s
        else:
            self._take(partition, lane)
        lane.breaker.began()
        return None

    def leave(
        self,
        partition: int,
        endpoint: Endpoint,
        took_s: float,
        succeeded: bool | None,
        hold_s: float = 0.0,
    ) -> None:
        """Give a place back; None: nobody knows how the attempt ended."""
        lane, now_s = self._lanes[endpoint.endpoint_id], self._monotonic_s()
        lane.moved_s = now_s
        # Of one that was changed meanwhile nothing is learnt.
        if lane.updated_at == endpoint.updated_at:
            if succeeded is None:
                lane.breaker.withdrawn()
            elif succeeded:
                lane.breaker.succeeded()
                lane.took_s += SMOOTHING * (took_s - lane.took_s)
            else:
                lane.breaker.failed(now_s)
            if hold_s > 0:
                lane.breaker.hold(now_s + hold_s)
        self._give(partition, lane)

    # -- places

    def _has_room(self, partition: int, lane: Lane) -> bool:
        free = self._places - self._busy.get(partition, 0)
        return lane.busy < min(self._limit, free)

    def _take(self, partition: int, lane: Lane) -> None:
        if not lane.busy:
            lane.moved_s = self._monotonic_s()
        lane.busy += 1
        self._busy[partition] = self._busy.get(partition, 0) + 1

    def _give(self, partition: int, lane: Lane) -> None:
        """Free a place, and hand it to whoever waits longest."""
        lane.busy -= 1
        self._busy[partition] -= 1
        while lane.waiting and self._has_room(partition, lane):
            place = lane.waiting.popleft()
            if not place.done():
                self._take(partition, lane)
                place.set_result(None)
                return

    def _is_worth_waiting(self, lane: Lane) -> bool:
        """Whether a place is free within our patience, going by what attempts took lately."""
        if not lane.busy:
            return False
        quiet_s = self._monotonic_s() - lane.moved_s
        turns = (len(lane.waiting) + 1) / lane.busy
        return max(lane.took_s * turns, quiet_s) <= PATIENCE_S

    async def _wait(self, partition: int, lane: Lane) -> bool:
        """Whether a place was handed over in time."""
        place = asyncio.get_running_loop().create_future()
        lane.waiting.append(place)
        try:
            async with asyncio.timeout(LONGEST_WAIT_S):
                await place
        except (TimeoutError, asyncio.CancelledError) as error:
            if place in lane.waiting:
                lane.waiting.remove(place)
            elif not place.cancelled():
                self._give(partition, lane)
            if isinstance(error, TimeoutError):
                return False
            raise
        return True

    def _lane(self, endpoint: Endpoint) -> Lane:
        lane = self._lanes.get(endpoint.endpoint_id)
        if lane is None:
            if len(self._lanes) > MAX_IDLE_ENDPOINTS:
                self._lanes = {name: each for name, each in self._lanes.items() if not each.is_idle}
            lane = Lane(Breaker(self._options), endpoint.updated_at)
            self._lanes[endpoint.endpoint_id] = lane
        elif lane.updated_at != endpoint.updated_at:
            # Places that are taken stay so until they are given back.
            lane.breaker, lane.updated_at = Breaker(self._options), endpoint.updated_at
            lane.took_s = FIRST_GUESS_S
        return lane
