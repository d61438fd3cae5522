"""The queue's bounds, the order of what is dropped, and its accounts."""

from collections import Counter
from pathlib import Path

from app.record.topics import Topics
from proxy.publisher.accounts.book import Book
from proxy.publisher.encoding import body_message, record_message
from proxy.publisher.entry import ENTRY_BYTES, OBJECT_BYTES, Entry
from proxy.publisher.queue import PublishQueue
from tests.support.finished import finished

TOPICS = Topics()
RAW_BYTES = ENTRY_BYTES + OBJECT_BYTES


def make(max_records: int = 100, max_bytes: int = 1 << 20) -> tuple[PublishQueue, Counter[str]]:
    """A queue and what it counted."""
    drops: Counter[str] = Counter()
    return PublishQueue(max_records, max_bytes, lambda reason: drops.update([reason])), drops


def encode(queue: PublishQueue, entries: int = 1000) -> None:
    """Do the encoder's work for so many entries."""
    for _ in range(entries):
        if (entry := queue.next_raw()) is None:
            return
        assert entry.draft is not None
        body = None if entry.bodies is None else body_message(entry.bodies, TOPICS)
        queue.store(entry, record_message(entry.draft, TOPICS), body)


def fill(queue: PublishQueue, entries: int, body_bytes: int = 0) -> None:
    """Offer numbered exchanges, and encode them."""
    for number in range(entries):
        queue.offer(Entry(finished(number, body_bytes)))
    encode(queue)


def numbers(entries: list[Entry]) -> list[int]:
    """The sequences of encoded entries."""
    return [
        int(str(entry.message and entry.message.value).split('"sequence":')[1].split(",")[0])
        for entry in entries
    ]


def waiting(queue: PublishQueue) -> list[int]:
    """The sequences of all that is sendable, in order."""
    taken = queue.take(1000, 1 << 40)
    queue.settle(taken)
    return numbers(taken)


def test_nothing_is_sendable_before_the_oldest_is_encoded() -> None:
    """Entries keep their order; one that is not encoded holds up those behind it."""
    queue, _ = make()
    for number in range(3):
        queue.offer(Entry(finished(number)))
    assert not queue.is_sendable
    assert queue.take(9, 1 << 20) == []
    encode(queue, 2)
    assert waiting(queue) == [0, 1]
    encode(queue)
    assert waiting(queue) == [0, 1, 2]


def test_a_batch_ends_at_its_count_or_its_bytes_but_holds_at_least_one_entry() -> None:
    """Both bounds of `take`."""
    queue, _ = make()
    fill(queue, 5, 10_000)
    assert numbers(queue.take(2, 1 << 20)) == [0, 1]
    assert numbers(queue.take(9, 1)) == [2]
    assert queue.in_hand == 3
    assert len(queue) == 5


def test_the_size_is_an_estimate_of_objects_and_exact_of_messages() -> None:
    """Encoding shrinks what waits."""
    queue, _ = make()
    queue.offer(Entry(finished(0, 10_000)))
    assert queue.bytes == RAW_BYTES + 10_000
    encode(queue)
    (entry,) = queue.take(1, 1 << 20)
    assert entry.message is not None
    assert entry.body is not None
    assert queue.bytes == ENTRY_BYTES + len(entry.message.value) + len(entry.body.value)
    queue.delivered_bodies([entry])
    assert queue.bytes == ENTRY_BYTES + len(entry.message.value)
    entry.record_done = True
    assert queue.settle([entry]) == 0
    assert queue.bytes == 0


def test_bodies_go_first_the_oldest_of_them_first_and_their_records_say_so() -> None:
    """Too many bytes: the first body goes, every record stays."""
    queue, drops = make(max_bytes=3 * RAW_BYTES + 20_000)
    for number in range(3):
        queue.offer(Entry(finished(number, 10_000)))
    assert drops == {"body_overflow": 1}
    first, second = queue.next_raw(), queue.next_raw()
    assert first is not None
    assert second is not None
    assert first.bodies is None
    assert first.lost_body == "dropped"
    assert second.bodies is not None
    assert second.lost_body is None


def test_a_body_that_goes_after_its_encoding_leaves_its_record_to_be_told() -> None:
    """The message is old; the entry says what is to be changed."""
    queue, drops = make(max_bytes=2 * RAW_BYTES)
    queue.offer(Entry(finished(0, 5_000)))
    encode(queue)
    assert not drops
    queue.offer(Entry(finished(1, 9_000)))
    assert drops == {"body_overflow": 2}
    (entry,) = queue.take(1, 1 << 20)
    assert entry.body is None
    assert entry.lost_body == "dropped"


def test_then_the_oldest_records_go() -> None:
    """More records than allowed: the newest stay."""
    queue, drops = make(max_records=3)
    fill(queue, 5)
    assert waiting(queue) == [2, 3, 4]
    assert drops == {"overflow": 2}
    assert queue.dropped_records_total == 2


def test_a_record_that_is_dropped_takes_its_body_along_and_both_count() -> None:
    """One count for each."""
    queue, drops = make(max_records=1)
    fill(queue, 2, 50)
    assert drops == {"overflow": 1, "body_overflow": 1}


def test_what_is_dropped_while_it_is_encoded_stays_dropped() -> None:
    """The encoder comes too late."""
    queue, drops = make(max_records=1)
    queue.offer(Entry(finished(0, 50)))
    entry = queue.next_raw()
    assert entry is not None
    draft, bodies = entry.draft, entry.bodies
    assert draft is not None
    assert bodies is not None
    queue.offer(Entry(finished(1)))
    queue.store(entry, record_message(draft, TOPICS), body_message(bodies, TOPICS))
    queue.refuse_raw(entry)
    encode(queue)
    assert waiting(queue) == [1]
    assert drops == {"overflow": 1, "body_overflow": 1}


def test_what_cannot_be_encoded_is_refused_alone() -> None:
    """A body, or all of an exchange; neighbours are untouched."""
    queue, drops = make()
    for number in range(3):
        queue.offer(Entry(finished(number, 50)))
    first, second = queue.next_raw(), queue.next_raw()
    assert first is not None
    assert second is not None
    queue.refuse_raw(first)
    queue.refuse_raw_body(second, "body_too_large", "too_large")
    assert second.lost_body == "too_large"
    assert second.draft is not None
    queue.store(second, record_message(second.draft, TOPICS), None)
    encode(queue)
    assert waiting(queue) == [1, 2]
    assert drops == {"refused": 1, "body_refused": 1, "body_too_large": 1}


def test_what_is_in_hand_is_bounded_with_the_rest_but_never_dropped() -> None:
    """A batch under way is not taken out of the hands of its sender."""
    queue, drops = make(max_records=3)
    fill(queue, 3, 50)
    taken = queue.take(2, 1 << 20)
    queue.offer(Entry(finished(3)))
    encode(queue)
    assert drops == {"overflow": 1, "body_overflow": 1}
    assert queue.settle(taken) == 2
    assert waiting(queue) == [0, 1, 3]


def test_settling_keeps_what_is_not_done_in_front() -> None:
    """A batch of which the middle was delivered."""
    queue, _ = make()
    fill(queue, 4, 10)
    taken = queue.take(3, 1 << 20)
    queue.delivered_bodies([taken[1]])
    taken[1].record_done = taken[2].record_done = True
    assert queue.settle(taken) == 2
    assert waiting(queue) == [0, 2, 3]
    assert queue.delivered_total == 1
    assert queue.bodies_delivered_total == 1


def test_records_that_are_out_are_counted_by_account_at_once(tmp_path: Path) -> None:
    """Each account is moved once for all of its own; some records have none."""
    queue, _ = make()
    book = Book(tmp_path, "p")
    first, second = book.account("a", 1_700_000_000.0), book.account("b", 1_700_000_000.0)
    for number, account in enumerate([first, second, None, first]):
        queue.offer(Entry(finished(number), account))
    encode(queue)
    taken = queue.take(9, 1 << 20)
    queue.delivered_records(taken[:3])
    assert [each.slot().values["durable"] for each in (first, second)] == [1, 1]
    assert queue.settle(taken) == 1
    queue.delivered_records(queue.take(9, 1 << 20))
    assert [each.slot().values["durable"] for each in (first, second)] == [2, 1]
    book.close(told=True)


def test_an_entry_whose_body_is_dropped_after_its_record_went_out_is_delivered() -> None:
    """Nothing is sent again for it, and it is not counted as a lost record."""
    queue, drops = make(max_bytes=20_000)
    fill(queue, 1, 5_000)
    taken = queue.take(1, 1 << 20)
    taken[0].record_done = True
    queue.settle(taken)
    queue.offer(Entry(finished(1, 15_000)))
    queue.offer(Entry(finished(2)))
    assert drops["body_overflow"] == 2
    encode(queue)
    again = queue.take(1, 1 << 20)
    assert again[0].body_done
    assert again[0].lost_body is None
    assert queue.settle(again) == 0
    assert queue.delivered_total == 1


def test_refusals_and_the_end_are_counted_by_reason() -> None:
    """A refused body leaves its record; a refused record is gone; the rest goes at the end."""
    queue, drops = make()
    fill(queue, 3, 10)
    first, second = queue.take(2, 1 << 20)
    queue.refuse_body(first)
    queue.refuse_record(second)
    assert queue.settle([first, second]) == 1
    assert queue.give_up() == 2
    expected = {"body_refused": 2, "refused": 1, "shutdown": 2, "body_shutdown": 1}
    assert drops == queue.dropped == expected
    assert len(queue) == 0
    assert queue.bytes == 0
