"""Whatever happens to disk and process: what was taken comes back, or is counted as given up."""

import errno
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from proxy.publisher.outgoing import Outgoing
from proxy.publisher.spill.reading import SpillBatch
from proxy.publisher.spill.segments import LOSSES
from tests.support.faulty_disk import FaultyDisk
from tests.support.spill import SpillStand, body, record, run

MAX_BYTES = 30_000
FAULTS = st.sampled_from([errno.ENOSPC, errno.EROFS, errno.EIO])
CHANGES = st.sampled_from(["create", "write", "cut", "remove", "read"])


class SpillHistory(RuleBasedStateMachine):
    """Appends, batches, faults, ends and crashes, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.disk = FaultyDisk()
        self.stand = self.opened()
        self.in_hand: SpillBatch | None = None
        self.next = 0
        self.offered: set[Outgoing] = set()
        self.taken: set[Outgoing] = set()
        self.replayed: Counter[Outgoing] = Counter()
        self.given_up = 0

    def opened(self) -> SpillStand:
        """A process on the folder; it may find more than the limit, but adds nothing to it."""
        stand = SpillStand(
            Path(self.folder.name),
            disk=self.disk,
            max_bytes=MAX_BYTES,
            segment_bytes=2000,
        )
        self.found_bytes = stand.segments.bytes
        return stand

    @rule(count=st.integers(1, 8), size_bytes=st.integers(100, 2500), bodies=st.booleans())
    def append(self, count: int, size_bytes: int, bodies: bool) -> None:
        make = body if bodies else record
        messages = [make(self.next + number, size_bytes) for number in range(count)]
        self.next += count
        self.offered.update(messages)
        results = self.stand.append(*messages)
        assert set(results) <= {"delivered", "retry"}
        for message, result in zip(messages, results, strict=True):
            if result == "delivered":
                self.taken.add(message)

    @rule(max_messages=st.integers(1, 10), done=st.booleans())
    def batch(self, max_messages: int, done: bool) -> None:
        batch = run(self.stand.store.gather(max_messages, 5000))
        if batch is not None:
            assert batch is self.in_hand or 0 < len(batch.messages) <= max_messages
            assert self.in_hand in (None, batch)
            self.replayed.update(batch.messages)
            self.in_hand = None if done else batch
            if done:
                run(self.stand.store.done(batch))

    @rule(change=CHANGES, fault=FAULTS)
    def break_disk(self, change: str, fault: int) -> None:
        self.disk.errors[change] = fault

    @rule(free_bytes=st.integers(0, 4000))
    def fill_disk(self, free_bytes: int) -> None:
        self.disk.free_bytes = free_bytes

    @rule()
    def heal_disk(self) -> None:
        self.disk.heal()

    @rule()
    def upkeep(self) -> None:
        run(self.stand.store.upkeep())

    @rule(orderly=st.booleans())
    def end_and_begin(self, orderly: bool) -> None:
        """A crash leaves the files as they are and lets go of the lock."""
        self.count_losses()
        if orderly:
            self.stand.close()
        else:
            self.stand.store._lock.release()
        self.in_hand = None
        self.stand = self.opened()

    def count_losses(self) -> None:
        """What this process gave up so far."""
        assert set(self.stand.segments.losses) <= set(LOSSES.values())
        self.given_up += sum(self.stand.segments.losses.values())
        self.stand.segments.losses.clear()

    @invariant()
    def within_the_limit(self) -> None:
        assert self.stand.segments.bytes <= max(MAX_BYTES, self.found_bytes)

    @invariant()
    def nothing_is_invented(self) -> None:
        assert self.replayed.keys() <= self.offered

    def teardown(self) -> None:
        """On a healed disk the next process replays all the rest."""
        self.disk.heal()
        self.count_losses()
        self.stand.close()
        self.stand = self.opened()
        self.replayed.update(self.stand.drain())
        self.count_losses()
        self.stand.close()
        self.nothing_is_invented()
        assert len(self.taken - self.replayed.keys()) <= self.given_up
        assert not [path for path in self.stand.directory.iterdir() if path.name != "lock"]
        self.folder.cleanup()


TestSpillHistory = SpillHistory.TestCase
TestSpillHistory.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
