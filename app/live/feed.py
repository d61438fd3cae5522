"""The ring of the last counted exchanges, and readers that each have a place in it.

Adding is O(1) whatever the number of readers; a reader that falls behind the ring's beginning is
told how many items it missed and goes on from there. Sans-I/O; for one event loop.
"""

from collections import deque
from collections.abc import Callable
from itertools import islice
from weakref import WeakValueDictionary

from app.live.allowance import Allowance
from app.live.filters import LiveFilter
from app.live.item import LiveItem
from app.live.selection import Selection

DEFAULT_KEPT = 2000


class LiveFeed:
    """The last `kept` exchanges of this worker, in the order in which they were counted."""

    def __init__(self, kept: int = DEFAULT_KEPT) -> None:
        """Empty."""
        self._ring: deque[LiveItem] = deque(maxlen=kept)
        self._added = 0
        self._wakers: set[Callable[[], None]] = set()
        self._selections: WeakValueDictionary[LiveFilter, Selection] = WeakValueDictionary()

    @property
    def end(self) -> int:
        """The number of the item that is added next."""
        return self._added

    @property
    def begin(self) -> int:
        """The number of the oldest item that is kept."""
        return self._added - len(self._ring)

    def add(self, item: LiveItem) -> None:
        """Add an exchange, and wake whoever waits."""
        self._ring.append(item)
        self._added += 1
        if self._wakers:
            wakers, self._wakers = self._wakers, set()
            for wake in wakers:
                wake()

    def after(self, request_id: str) -> int | None:
        """The number of the item after this one; None if it is not kept any more."""
        for back, item in enumerate(reversed(self._ring)):
            if item.request_id == request_id:
                return self._added - back
        return None

    def read(self, at: int, limit: int) -> tuple[list[LiveItem], int]:
        """At most `limit` items from number `at` on, and how many were dropped before them."""
        missed = max(0, self.begin - at)
        # From the end, where readers are: walking there from the beginning takes longer.
        last = list(islice(reversed(self._ring), self._added - max(at, self.begin)))
        last.reverse()
        return last[:limit], missed

    def selection(self, wanted: LiveFilter, allowance: Allowance) -> Selection:
        """What of the ring a filter wants; one for all readers who want the same.

        The `allowance` is that of the first of them.
        """
        if (held := self._selections.get(wanted)) is None:
            held = self._selections[wanted] = Selection(self, wanted, allowance)
        return held

    def wake_once(self, wake: Callable[[], None]) -> None:
        """Call `wake` when the next item is added."""
        self._wakers.add(wake)

    def forget(self, wake: Callable[[], None]) -> None:
        """Do not call it after all."""
        self._wakers.discard(wake)
