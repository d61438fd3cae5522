"""What waits to be published: a queue bounded by records and by bytes. Sans-I/O.

What overflows is dropped in this order, so that metadata outlives bodies:

    1. bodies, the oldest first: their records stay and say `dropped`
    2. records, the oldest first, with their bodies

What is in hand, being sent, counts against the bounds but is never dropped. Two accounts always
add up: records offered = delivered + waiting + in hand + dropped, and the same of bodies.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from typing import Literal

from app.record.model import BodyState
from proxy.publisher.entry import Entry
from proxy.publisher.outgoing import Outgoing

RecordDrop = Literal["overflow", "refused", "shutdown"]
BodyDrop = Literal["body_overflow", "body_too_large", "body_refused", "body_shutdown"]
DropReason = RecordDrop | BodyDrop
WITH_RECORD: dict[RecordDrop, BodyDrop] = {
    "overflow": "body_overflow",
    "refused": "body_refused",
    "shutdown": "body_shutdown",
}


class PublishQueue:
    """Entries in the order they were offered."""

    def __init__(
        self, max_records: int, max_bytes: int, count_drop: Callable[[DropReason], None]
    ) -> None:
        """`count_drop` is called once for every record and every body given up."""
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._count_drop = count_drop
        self._waiting: deque[Entry] = deque()
        # Of those waiting, in the same order: the ones with a body, and the ones to be encoded.
        self._with_body: deque[Entry] = deque()
        self._raw: deque[Entry] = deque()
        self._in_hand = 0
        self.bytes = 0
        self.offered_total = 0
        self.delivered_total = 0
        self.bodies_offered_total = 0
        self.bodies_delivered_total = 0
        self.dropped: Counter[DropReason] = Counter()

    def __len__(self) -> int:
        """Records waiting or in hand."""
        return len(self._waiting) + self._in_hand

    @property
    def in_hand(self) -> int:
        """Records being sent."""
        return self._in_hand

    @property
    def dropped_records_total(self) -> int:
        """Records given up, for whatever reason."""
        return sum(self.dropped[reason] for reason in WITH_RECORD)

    @property
    def is_sendable(self) -> bool:
        """Whether `take` would give anything."""
        return bool(self._waiting) and self._waiting[0].is_encoded

    # -- the relay's side

    def offer(self, entry: Entry) -> None:
        """Add an exchange, encoded or not, dropping what no longer fits."""
        self.offered_total += 1
        self._waiting.append(entry)
        if not entry.is_encoded:
            self._raw.append(entry)
        self.bytes += entry.bytes
        if not entry.body_done:
            self.bodies_offered_total += 1
            self._with_body.append(entry)
        if self.bytes > self._max_bytes or len(self) > self._max_records:
            self._shed()

    def give_up(self) -> int:
        """Drop all that waits, at the end; returns how many records that were."""
        before = self.dropped_records_total
        while self._waiting:
            self._drop_oldest("shutdown")
        return self.dropped_records_total - before

    # -- the encoder's side

    def next_raw(self) -> Entry | None:
        """The oldest entry that is not encoded; it goes on waiting, and may be dropped."""
        while self._raw:
            entry = self._raw.popleft()
            if not entry.is_gone and not entry.is_encoded:
                return entry
        return None

    def store(self, entry: Entry, message: Outgoing, body: Outgoing | None) -> None:
        """The messages of an entry from `next_raw`; of no effect if it was dropped meanwhile."""
        if not entry.is_gone:
            self.bytes -= entry.bytes
            entry.encoded(message, body)
            self.bytes += entry.bytes
            if self.bytes > self._max_bytes:
                self._shed()

    def refuse_raw(self, entry: Entry) -> None:
        """An entry from `next_raw` that cannot be encoded, which no retry would mend."""
        if not entry.is_gone:
            self.refuse_raw_body(entry, "body_refused", "dropped")
            self._waiting.remove(entry)
            self._drop(entry, "refused")

    def refuse_raw_body(self, entry: Entry, reason: BodyDrop, state: BodyState) -> None:
        """The body of an entry from `next_raw` cannot be encoded; its record says `state`."""
        if not entry.body_done:
            self._with_body.remove(entry)
            self._drop_body(entry, reason, state)

    # -- the sender's side

    def take(self, max_records: int, max_bytes: int) -> list[Entry]:
        """The oldest entries, at least one if one is sendable; in hand until `settle`."""
        taken: list[Entry] = []
        size_bytes = 0
        for entry in self._waiting:
            size_bytes += entry.bytes
            full = len(taken) >= max_records or (taken and size_bytes > max_bytes)
            if full or not entry.is_encoded:
                break
            taken.append(entry)
        for _ in taken:
            self._pop()
        self._in_hand += len(taken)
        return taken

    def settle(self, taken: Sequence[Entry]) -> int:
        """Give back all that was taken; what is not done waits again, first. Returns how many."""
        again = []
        self._in_hand -= len(taken)
        for entry in taken:
            if entry.is_gone:
                continue
            if entry.record_done and entry.body_done:
                self._leave(entry)
                self.delivered_total += 1
            else:
                again.append(entry)
        again.reverse()
        self._waiting.extendleft(again)
        self._with_body.extendleft(entry for entry in again if not entry.body_done)
        self._shed()
        return len(again)

    def delivered_records(self, entries: Sequence[Entry]) -> None:
        """The records of entries in hand are out; each account counts all of its own at once."""
        for entry in entries:
            entry.record_done = True
        for account, number in Counter([entry.account for entry in entries]).items():
            if account is not None:
                account.add("durable", number)

    def delivered_bodies(self, entries: Sequence[Entry]) -> None:
        """The bodies of entries in hand are out; their bytes are free."""
        self.bodies_delivered_total += len(entries)
        self.bytes -= sum([entry.body_bytes for entry in entries])
        for entry in entries:
            entry.bytes -= entry.body_bytes
            entry.body_bytes = 0
            entry.body = None
            entry.body_done = True

    def refuse_record(self, entry: Entry) -> None:
        """An entry in hand whose record will never be taken."""
        self._drop(entry, "refused")

    def refuse_body(self, entry: Entry) -> None:
        """An entry in hand whose body will never be taken; its record goes on, and says so."""
        self._drop_body(entry, "body_refused", "dropped")

    # -- what is dropped

    def _shed(self) -> None:
        while self.bytes > self._max_bytes and self._with_body:
            self._drop_body(self._with_body.popleft(), "body_overflow", "dropped")
        while self._waiting and (self.bytes > self._max_bytes or len(self) > self._max_records):
            self._drop_oldest("overflow")

    def _drop_oldest(self, reason: RecordDrop) -> None:
        self._drop(self._pop(), reason)

    def _pop(self) -> Entry:
        entry = self._waiting.popleft()
        if not entry.body_done:
            self._with_body.popleft()
        return entry

    def _drop_body(self, entry: Entry, reason: BodyDrop, state: BodyState) -> None:
        before = entry.bytes
        entry.drop_body(state)
        self.bytes -= before - entry.bytes
        self._count(reason)

    def _drop(self, entry: Entry, reason: RecordDrop) -> None:
        if not entry.body_done:
            self._drop_body(entry, WITH_RECORD[reason], "dropped")
        if entry.record_done:
            self.delivered_total += 1
        else:
            self._count(reason)
            if entry.account is not None:
                entry.account.add(reason)
        self._leave(entry)

    def _leave(self, entry: Entry) -> None:
        self.bytes -= entry.bytes
        entry.release()

    def _count(self, reason: DropReason) -> None:
        self.dropped[reason] += 1
        self._count_drop(reason)
