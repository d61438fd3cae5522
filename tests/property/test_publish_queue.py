"""The publisher's accounts add up whatever happens: offered = delivered + here + dropped."""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from proxy.publisher.entry import Entry
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.queue import WITH_RECORD, PublishQueue
from tests.support.finished import finished

BODIES = ("body_overflow", "body_too_large", "body_refused", "body_shutdown")


class Queue(RuleBasedStateMachine):
    """Relay, encoder and sender take turns in any order; each keeps a ledger of its own."""

    @initialize(max_records=st.integers(1, 8), max_bytes=st.integers(3_000, 80_000))
    def begin(self, max_records: int, max_bytes: int) -> None:
        self.max_records, self.max_bytes = max_records, max_bytes
        self.drops: Counter[str] = Counter()
        self.queue = PublishQueue(max_records, max_bytes, lambda each: self.drops.update([each]))
        self.encoding: list[Entry] = []
        self.in_hand: list[Entry] = []
        self.delivered: list[bytes] = []
        self.offered = 0

    @rule(body_bytes=st.sampled_from([0, 0, 10, 3_000, 30_000]))
    def offer(self, body_bytes: int) -> None:
        self.queue.offer(Entry(finished(self.offered, body_bytes)))
        self.offered += 1

    @rule()
    def begin_to_encode(self) -> None:
        if (entry := self.queue.next_raw()) is not None:
            self.encoding.append(entry)

    @rule(kept=st.sampled_from(["all", "all", "all", "no body", "nothing"]))
    def encode(self, kept: str) -> None:
        if not self.encoding:
            return
        entry = self.encoding.pop(0)
        if kept == "nothing":
            self.queue.refuse_raw(entry)
            return
        if kept == "no body" and not entry.is_gone:
            self.queue.refuse_raw_body(entry, "body_too_large", "too_large")
        name = b"gone" if entry.draft is None else entry.draft.fields["request_id"].encode()
        body = None if entry.bodies is None else Outgoing("b", name, b"b" * (entry.body_bytes // 3))
        self.queue.store(entry, Outgoing("e", name, b"r" * 2_000), body)

    @rule(max_records=st.integers(1, 5))
    def take(self, max_records: int) -> None:
        self.in_hand += self.queue.take(max_records, 20_000)

    @rule(outcomes=st.lists(st.sampled_from("dddrx"), min_size=10, max_size=10))
    def deliver(self, outcomes: list[str]) -> None:
        """`d`elivered, `r`etry or refused, `x`: bodies, then the records that may go."""
        for entry, outcome in zip(self.in_hand, outcomes, strict=False):
            if entry.body is not None and not entry.body_done:
                if outcome == "d":
                    self.queue.delivered_bodies([entry])
                elif outcome == "x":
                    self.queue.refuse_body(entry)
            elif not entry.is_gone and not entry.record_done:
                assert entry.message is not None
                if outcome == "d":
                    entry.record_done = True
                    self.delivered.append(entry.message.key)
                elif outcome == "x":
                    self.queue.refuse_record(entry)

    @rule()
    def settle(self) -> None:
        self.queue.settle(self.in_hand)
        self.in_hand = []

    @rule()
    def shut_down(self) -> None:
        self.queue.give_up()

    @invariant()
    def accounts_add_up(self) -> None:
        queue, drops = self.queue, self.drops
        # an entry in hand is delivered or dropped already, until it is settled
        out = sum(entry.is_gone for entry in self.in_hand)
        assert queue.offered_total == self.offered
        assert self.offered == (
            queue.delivered_total + len(queue) - out + queue.dropped_records_total
        )
        assert queue.dropped_records_total == sum(drops[reason] for reason in WITH_RECORD)
        here = sum(not entry.body_done for entry in [*queue._waiting, *self.in_hand])
        assert queue.bodies_offered_total == (
            queue.bodies_delivered_total + here + sum(drops[reason] for reason in BODIES)
        )
        assert len(self.delivered) == len(set(self.delivered))

    @invariant()
    def sizes_add_up_within_the_bounds(self) -> None:
        queue = self.queue
        held = sum(entry.bytes for entry in self.in_hand if not entry.is_gone)
        assert queue.bytes == held + sum(entry.bytes for entry in queue._waiting)
        assert not queue._waiting or queue.bytes <= self.max_bytes
        assert not queue._waiting or len(queue) <= self.max_records
        assert list(queue._with_body) == [e for e in queue._waiting if not e.body_done]

    def teardown(self) -> None:
        """All that is left can be delivered, and then nothing is held."""
        if not hasattr(self, "queue"):
            return
        while self.encoding:
            self.encode("all")
        self.begin_to_encode()
        while self.encoding:
            self.encode("all")
            self.begin_to_encode()
        self.settle()
        while self.queue.is_sendable:
            self.take(5)
            self.deliver(["d"] * 10)
            self.deliver(["d"] * 10)
            self.settle()
        self.accounts_add_up()
        assert len(self.queue) == 0
        assert self.queue.bytes == 0


Queue.TestCase.settings = settings(max_examples=150, stateful_step_count=60, deadline=None)
test_the_accounts_add_up = Queue.TestCase
