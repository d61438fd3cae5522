"""What one filter wants of the ring, looked at once for all tails that have the same filter.

Where more go by than one reads, the newest few are shown and the others counted. All tails show the
same ones: to render them is what costs, and it is done once.
"""

from bisect import bisect_left
from typing import Protocol

from app.live.allowance import Allowance
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

    def __init__(self, ring: Ring, wanted: LiveFilter, allowance: Allowance) -> None:
        """Of what is there the newest few are shown, which costs nothing of the allowance."""
        self._ring = ring
        self._wanted = wanted
        self._allowance = allowance
        self._at = ring.begin
        self._numbers: list[int] = []
        self._items: list[LiveItem] = []
        self._hidden: list[int] = []
        self._keep(self._new(), allowance.burst)

    def after(self, at: int) -> tuple[list[LiveItem], int]:
        """Those from number `at` on that are shown; how many are not, or are not kept any more."""
        if new := self._new():
            self._keep(new, self._allowance.take(len(new)))
        begin = self._ring.begin
        first = max(at, begin)
        hidden = len(self._hidden) - bisect_left(self._hidden, first)
        return self._items[bisect_left(self._numbers, first) :], hidden + max(0, begin - at)

    def _new(self) -> list[tuple[int, LiveItem]]:
        """The wanted ones that were not looked at yet, with their numbers."""
        end = self._ring.end
        items, missed = self._ring.read(self._at, end - self._at)
        numbered = enumerate(items, self._at + missed)
        self._at = end
        return [(number, item) for number, item in numbered if self._wanted.wants(item)]

    def _keep(self, new: list[tuple[int, LiveItem]], allowed: int) -> None:
        first_shown = max(0, len(new) - allowed)
        self._hidden += [number for number, _ in new[:first_shown]]
        self._numbers += [number for number, _ in new[first_shown:]]
        self._items += [item for _, item in new[first_shown:]]
        self._forget_old()

    def _forget_old(self) -> None:
        old = bisect_left(self._numbers, self._ring.begin)
        if old > TRIM_ITEMS:
            del self._numbers[:old], self._items[:old]
        old = bisect_left(self._hidden, self._ring.begin)
        if old > TRIM_ITEMS:
            del self._hidden[:old]
