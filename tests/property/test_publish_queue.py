"""The publisher's account adds up whatever happens: offered = delivered + here + dropped."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.publisher.queue import RECORD_BYTES, Entry, PublishQueue
from tests.support.finished import finished

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("offer"), st.integers(0, 30_000)),
        st.tuples(st.just("take"), st.integers(1, 5)),
        st.tuples(st.just("settle"), st.integers(0, 31)),
        st.tuples(st.just("refuse"), st.integers(0, 1)),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(steps=STEPS, max_records=st.integers(1, 8), max_bytes=st.integers(3000, 60_000))
def test_the_account_adds_up(
    steps: list[tuple[str, int]], max_records: int, max_bytes: int
) -> None:
    """Random offers, batches, deliveries in part and refusals."""
    drops: Counter[str] = Counter()
    queue = PublishQueue(max_records, max_bytes, lambda reason: drops.update([reason]))
    in_hand: list[Entry] = []
    for number, (step, value) in enumerate(steps):
        if step == "offer":
            queue.offer(finished(number, value))
        elif step == "take":
            in_hand += queue.take(value, 20_000)
        elif step == "settle":
            for index, entry in enumerate(in_hand):
                entry.record_done |= bool(value >> index & 1)
                entry.body_done |= bool(value >> (index + 2) & 1)
            queue.settle(in_hand)
            in_hand = []
        elif in_hand and value:
            queue.refuse_record(in_hand.pop())
        elif in_hand and in_hand[-1].has_body:
            queue.refuse_body(in_hand[-1])
        held = sum(entry.bytes for entry in in_hand)
        assert queue.offered_total == (
            queue.delivered_total + len(queue) + queue.dropped_records_total
        )
        assert queue.waiting <= max_records
        assert queue.bytes - held <= max(max_bytes, RECORD_BYTES + 30_000)
        assert queue.dropped_records_total == drops["overflow"] + drops["refused"]
    queue.settle(in_hand)
    while queue.waiting:
        taken = queue.take(3, 1 << 30)
        for entry in taken:
            entry.record_done = entry.body_done = True
        queue.settle(taken)
    assert queue.bytes == 0
    assert queue.offered_total == queue.delivered_total + queue.dropped_records_total
