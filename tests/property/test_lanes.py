"""Lanes: whatever is done in whatever order, acks are in order, and nothing is lost or redone."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.engine.contracts import Again, Result
from app.engine.ordered import Entry, Lane
from tests.support.lanes import HOLD_S, LANES, batch_lane, fill

AGAINS: list[Result] = [None, None, Again("soon"), Again("soon", 0.5), Again("later", 3 * HOLD_S)]


class Partition(RuleBasedStateMachine):
    """A partition of a topic with gaps in its offsets, read through a lane."""

    new_lane: Callable[[], Lane[int]]

    def __init__(self) -> None:
        super().__init__()
        self.lane = type(self).new_lane()
        self.offsets: list[int] = []
        self.read = 0
        self.now_s = 0.0
        self.busy: list[list[Entry[int]]] = []
        self.done: set[int] = set()
        self.acked: list[int] = []

    @initialize(gaps=st.lists(st.integers(1, 3), min_size=1, max_size=30))
    def topic(self, gaps: list[int]) -> None:
        offset = 0
        for gap in gaps:
            offset += gap
            self.offsets.append(offset)

    @precondition(lambda self: self.read < len(self.offsets))
    @rule(count=st.integers(1, 8), size_bytes=st.integers(0, 600))
    def fetch(self, count: int, size_bytes: int) -> None:
        more = self.offsets[self.read : self.read + count]
        fill(self.lane, more, size_bytes, self.now_s)
        self.read += len(more)

    @rule(seconds=st.floats(0, 40))
    def wait(self, seconds: float) -> None:
        self.now_s += seconds

    @rule(pressed=st.booleans())
    def begin(self, pressed: bool) -> None:
        for job in self.lane.take(self.now_s, pressed=pressed):
            tried = [entry.offset for entry in job]
            assert tried == sorted(tried)
            assert not self.done & set(tried)
            assert not {entry.offset for each in self.busy for entry in each} & set(tried)
            self.busy.append(job)

    @precondition(lambda self: self.busy)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        job = self.busy.pop(data.draw(st.integers(0, len(self.busy) - 1)))
        results = [data.draw(st.sampled_from(AGAINS)) for _ in job]
        self.lane.settle(job, results, self.now_s)
        self.done |= {each.offset for each, result in zip(job, results, strict=True) if not result}
        self.acked += [entry.item for entry in self.lane.pop_done()]

    @precondition(lambda self: self.lane.is_long_wait(self.now_s))
    @rule()
    def rewind(self) -> None:
        assert not self.busy
        offset = self.lane.rewind()
        assert offset == next(each for each in self.offsets if each not in self.done)
        self.read = self.offsets.index(offset)

    @invariant()
    def acks_are_the_contiguous_prefix(self) -> None:
        self.acked += [entry.item for entry in self.lane.pop_done()]
        assert self.acked == self.offsets[: len(self.acked)]
        assert set(self.acked) <= self.done

    @invariant()
    def counts_are_right(self) -> None:
        left = [entry for entry in self.lane.unfinished() if not entry.is_done]
        assert self.lane.held_records == len(left)
        assert self.lane.held_bytes == sum(entry.size_bytes for entry in left)
        assert self.lane.busy == len(self.busy)

    @invariant()
    def whoever_waits_will_be_woken(self) -> None:
        """What is left is being tried, is due at a known time, or waits for its rewind."""
        if self.lane.waiting() and not self.busy and not self.lane.is_long_wait(self.now_s):
            is_due = bool(self.lane.wake_at_s() is not None) or self._would_begin()
            assert is_due

    def _would_begin(self) -> bool:
        jobs = self.lane.take(self.now_s)
        self.busy += jobs
        return bool(jobs)

    def teardown(self) -> None:
        """A backend that is well again: everything is acked in the end."""
        for job in self.busy:
            self.lane.settle(job, [None] * len(job), self.now_s)
        for _ in range(40):
            if self.lane.is_long_wait(self.now_s):
                self.read = self.offsets.index(self.lane.rewind())
            fill(self.lane, self.offsets[self.read :], 1, self.now_s)
            self.read = len(self.offsets)
            self.now_s += 100
            for job in self.lane.take(self.now_s):
                self.lane.settle(job, [None] * len(job), self.now_s)
            self.acked += [entry.item for entry in self.lane.pop_done()]
        assert self.acked == self.offsets


class Batches(Partition):
    """Written in batches."""

    new_lane = staticmethod(LANES["batches"])


class Concurrent(Partition):
    """Handled concurrently."""

    new_lane = staticmethod(LANES["concurrent"])


TestBatches = Batches.TestCase
TestConcurrent = Concurrent.TestCase


@given(
    sizes=st.lists(st.integers(0, 700), min_size=1, max_size=40),
    count=st.integers(1, 6),
    limit_bytes=st.integers(1, 1000),
)
def test_batches_keep_their_limits(sizes: list[int], count: int, limit_bytes: int) -> None:
    lane = batch_lane(count, limit_bytes)
    for offset, size_bytes in enumerate(sizes):
        fill(lane, [offset], size_bytes)
    batches: list[list[Entry[int]]] = []
    while jobs := lane.take(100.0):
        (job,) = jobs
        batches.append(job)
        lane.settle(job, [None] * len(job), 100.0)
    assert [entry.offset for batch in batches for entry in batch] == list(range(len(sizes)))
    for batch in batches:
        assert len(batch) <= count
        assert len(batch) == 1 or sum(entry.size_bytes for entry in batch) <= limit_bytes
