"""The queue's bounds, the order of what is dropped, and its account."""

from collections import Counter

from proxy.publisher.queue import RECORD_BYTES, PublishQueue
from tests.support.finished import finished


def make(max_records: int = 100, max_bytes: int = 1 << 20) -> tuple[PublishQueue, Counter[str]]:
    """A queue and what it counted."""
    drops: Counter[str] = Counter()
    return PublishQueue(max_records, max_bytes, lambda reason: drops.update([reason])), drops


def numbers(queue: PublishQueue) -> list[int]:
    """The sequences of all that waits, in order."""
    taken = queue.take(1000, 1 << 40)
    queue.settle(taken)
    return [entry.finished.record.sequence for entry in taken]


def test_entries_come_in_order_within_both_bounds_of_a_batch() -> None:
    """A batch ends at its count or its bytes, but holds at least one entry."""
    queue, _ = make()
    for number in range(5):
        queue.offer(finished(number, 10_000))
    assert [e.finished.record.sequence for e in queue.take(2, 1 << 20)] == [0, 1]
    assert [e.finished.record.sequence for e in queue.take(9, 1)] == [2]


def test_bodies_go_first_the_oldest_of_them_first_and_their_records_say_so() -> None:
    """Too many bytes: the first body goes, every record stays."""
    queue, drops = make(max_bytes=2 * (10_000 + RECORD_BYTES) + RECORD_BYTES)
    for number in range(3):
        queue.offer(finished(number, 10_000))
    assert drops == {"body_overflow": 1}
    first, second, third = queue.take(9, 1 << 30)
    assert first.finished.bodies is None
    assert first.finished.record.response_body == "dropped"
    assert first.finished.record.request_body == "empty"
    assert first.finished.record.body_ref is None
    assert second.finished.bodies is not None
    assert third.finished.bodies is not None


def test_then_the_oldest_records_go() -> None:
    """More records than allowed: the newest stay."""
    queue, drops = make(max_records=3)
    for number in range(5):
        queue.offer(finished(number))
    assert numbers(queue) == [2, 3, 4]
    assert drops == {"overflow": 2}
    assert queue.dropped_records_total == 2


def test_what_is_in_hand_is_bounded_with_the_rest_but_never_dropped() -> None:
    """A batch under way is not taken out of the hands of its sender."""
    queue, drops = make(max_records=3)
    for number in range(3):
        queue.offer(finished(number))
    taken = queue.take(2, 1 << 20)
    queue.offer(finished(3))
    assert drops == {"overflow": 1}
    assert queue.settle(taken) == 2
    assert numbers(queue) == [0, 1, 3]


def test_settling_keeps_what_is_not_done_in_front() -> None:
    """A batch of which the middle was delivered."""
    queue, _ = make()
    for number in range(4):
        queue.offer(finished(number, 10))
    taken = queue.take(3, 1 << 20)
    taken[1].record_done = taken[1].body_done = True
    taken[2].record_done = True
    assert queue.settle(taken) == 2
    assert numbers(queue) == [0, 2, 3]
    assert queue.delivered_total == 1


def test_an_entry_whose_body_is_dropped_after_its_record_went_out_is_delivered() -> None:
    """Nothing is sent twice for it, and it is not counted as a lost record."""
    queue, drops = make(max_bytes=20_000)
    queue.offer(finished(0, 15_000))
    taken = queue.take(1, 1 << 20)
    taken[0].record_done = True
    queue.settle(taken)
    queue.offer(finished(1, 15_000))
    assert drops == {"body_overflow": 1}
    again = queue.take(9, 1 << 20)
    assert again[0].body_done
    assert again[0].record_done


def test_refusals_and_the_end_are_counted_by_reason() -> None:
    """A refused body leaves its record; a refused record is gone; the rest goes at the end."""
    queue, drops = make()
    for number in range(3):
        queue.offer(finished(number, 10))
    first, second = queue.take(2, 1 << 20)
    queue.refuse_body(first)
    queue.refuse_record(second)
    assert queue.settle([first]) == 1
    assert queue.give_up() == 2
    assert drops == {"body_refused": 1, "refused": 1, "shutdown": 2}
    assert len(queue) == 0
    assert queue.bytes == 0
