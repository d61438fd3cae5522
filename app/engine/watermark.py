"""Which of a sequence of deliveries are done: pure bookkeeping, no loop.

Deliveries are numbered as they are queued and end in any order. The watermark is the highest
number up to which every one has ended well.
"""

from collections import deque
from dataclasses import dataclass


@dataclass(slots=True)
class Delivery:
    """One queued message: its number, its size in bytes, and whether the broker has it."""

    number: int
    size_bytes: int
    done: bool = False


class Watermark:
    """Counts deliveries; every operation is O(1) amortised."""

    def __init__(self) -> None:
        self._open: deque[Delivery] = deque()
        self.queued = 0
        self.outstanding_records = 0
        self.outstanding_bytes = 0

    def start(self, size_bytes: int) -> Delivery:
        """Number a message that is queued now."""
        self.queued += 1
        delivery = Delivery(self.queued, size_bytes)
        self._open.append(delivery)
        self.outstanding_records += 1
        self.outstanding_bytes += size_bytes
        return delivery

    def finish(self, delivery: Delivery) -> bool:
        """Mark a delivery as done; whether that moved the watermark."""
        if delivery.done:
            return False
        delivery.done = True
        self.outstanding_records -= 1
        self.outstanding_bytes -= delivery.size_bytes
        moved = False
        while self._open and self._open[0].done:
            self._open.popleft()
            moved = True
        return moved

    @property
    def delivered(self) -> int:
        """The number up to which everything is done, 0 at first."""
        return self._open[0].number - 1 if self._open else self.queued
