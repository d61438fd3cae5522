"""Lanes driven by hand: entries whose item is their offset, a backoff without jitter."""

from collections.abc import Callable, Iterable

from app.engine.backoff import Backoff
from app.engine.batching import BatchLane
from app.engine.concurrency import ConcurrentLane
from app.engine.contracts import BatchLimits
from app.engine.ordered import Entry, Lane

HOLD_S = 5.0


def backoff() -> Backoff:
    """1 s, 2 s, 4 s … 32 s."""
    return Backoff(1.0, 32.0, lambda: 1.0)


def batch_lane(count: int = 3, size_bytes: int = 1000, age_s: float = 10.0) -> BatchLane[int]:
    """A lane of small batches."""
    return BatchLane(BatchLimits(count, size_bytes, age_s), backoff(), HOLD_S)


def concurrent_lane(in_flight: int = 3) -> ConcurrentLane[int]:
    """A lane of a few messages at a time."""
    return ConcurrentLane(in_flight, backoff, HOLD_S)


LANES: dict[str, Callable[[], Lane[int]]] = {"batches": batch_lane, "concurrent": concurrent_lane}


def fill(lane: Lane[int], offsets: Iterable[int], size_bytes: int = 1, now_s: float = 0.0) -> None:
    """Add messages."""
    for offset in offsets:
        lane.add(offset, size_bytes, offset, now_s)


def offsets(jobs: Iterable[Iterable[Entry[int]]]) -> list[list[int]]:
    """What the jobs consist of."""
    return [[entry.offset for entry in job] for job in jobs]


def acked(lane: Lane[int]) -> list[int]:
    """What can be acked now."""
    return [entry.item for entry in lane.pop_done()]
