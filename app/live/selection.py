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
        # Before this number there were exchanges that nobody has looked at, or noted any more.
        self._unknown_until = ring.begin
        self._keep(self._new(), allowance.burst)

    def after(self, at: int) -> tuple[list[LiveItem], int | None]:
        """Those from number `at` on that are shown; how many are not, or are not kept any more.

        None where nobody knows how many of the latter were wanted: others' are never counted.
        """
        if new := self._new():
            self._keep(new, self._allowance.take(len(new)))
        first = bisect_left(self._numbers, max(at, self._ring.begin))
        dropped = first - bisect_left(self._numbers, at)
        dropped += len(self._hidden) - bisect_left(self._hidden, at)
        return self._items[first:], None if at < self._unknown_until else dropped

    def _new(self) -> list[tuple[int, LiveItem]]:
        """The wanted ones that were not looked at yet, with their numbers."""
        end = self._ring.end
        items, missed = self._ring.read(self._at, end - self._at)
        if missed:
            self._unknown_until = self._at + missed
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
        begin = self._ring.begin
        shown, hidden = bisect_left(self._numbers, begin), bisect_left(self._hidden, begin)
        if shown + hidden > TRIM_ITEMS:
            del self._numbers[:shown], self._items[:shown], self._hidden[:hidden]
            self._unknown_until = max(self._unknown_until, begin)
