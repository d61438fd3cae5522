"""What one filter wants of the ring, looked at once for all tails that have the same filter."""

from bisect import bisect_left
from typing import Protocol

from app.live.filters import LiveFilter
from app.live.item import LiveItem

TRIM_ITEMS = 1000


class Ring(Protocol):
    """The last exchanges, numbered."""

    @property
    def begin(self) -> int:
        """The number of the oldest that is kept."""

    @property
    def end(self) -> int:
        """The number of the one that is added next."""

    def read(self, at: int, limit: int) -> tuple[list[LiveItem], int]:
        """Items from number `at` on, and how many before them are not kept."""


class Selection:
    """The wanted ones with their numbers; kept up when it is asked. For one event loop."""

    def __init__(self, ring: Ring, wanted: LiveFilter) -> None:
        """Nothing is looked at yet."""
        self._ring = ring
        self._wanted = wanted
        self._at = ring.begin
        self._numbers: list[int] = []
        self._items: list[LiveItem] = []

    def after(self, at: int) -> tuple[list[LiveItem], int]:
        """Those from number `at` on that are kept, and how many of all before are not."""
        self._keep_up()
        begin = self._ring.begin
        start = bisect_left(self._numbers, max(at, begin))
        return self._items[start:], max(0, begin - at)

    def _keep_up(self) -> None:
        end = self._ring.end
        items, missed = self._ring.read(self._at, end - self._at)
        for number, item in enumerate(items, self._at + missed):
            if self._wanted.wants(item):
                self._numbers.append(number)
                self._items.append(item)
        self._at = end
        old = bisect_left(self._numbers, self._ring.begin)
        if old > TRIM_ITEMS:
            del self._numbers[:old], self._items[:old]
