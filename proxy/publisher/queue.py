"""What waits for the broker: a queue bounded by records and by bytes. Sans-I/O.

What overflows is dropped in this order, so that metadata outlives bodies:

    1. bodies, the oldest first: their records stay and say `dropped`
    2. records, the oldest first

The account always adds up: offered = delivered + waiting + in hand + dropped.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Literal

from app.record.bodies import BodyEnvelope
from app.record.model import BodyState, Record
from proxy.exchange import Finished

RECORD_BYTES = 2048
DropReason = Literal["overflow", "body_overflow", "refused", "body_refused", "shutdown"]


class Entry:
    """One exchange on its way out.

    `record_done` and `body_done` once these are delivered or given up, `is_gone` once it left.
    """

    __slots__ = ("body_done", "bytes", "finished", "is_gone", "record_done")

    def __init__(self, finished: Finished) -> None:
        """Nothing of it is delivered yet."""
        self.finished = finished
        self.bytes = RECORD_BYTES + body_bytes(finished.bodies)
        self.record_done = False
        self.body_done = finished.bodies is None
        self.is_gone = False

    @property
    def has_body(self) -> bool:
        """Whether a body could still be dropped."""
        return not self.body_done

    def drop_body(self) -> None:
        """Let the body go; a record that is not out yet says so."""
        self.finished = without_bodies(self.finished)
        self.body_done = True
        self.bytes = RECORD_BYTES


class PublishQueue:
    """Entries in the order they were offered; those in hand count against the bounds as well."""

    def __init__(
        self, max_records: int, max_bytes: int, count_drop: Callable[[DropReason], None]
    ) -> None:
        """`count_drop` is called once for everything given up."""
        self._max_records = max_records
        self._max_bytes = max_bytes
        self._count_drop = count_drop
        self._waiting: deque[Entry] = deque()
        self._with_body: dict[int, Entry] = {}
        self._in_hand: dict[int, Entry] = {}
        self.bytes = 0
        self.offered_total = 0
        self.delivered_total = 0
        self.dropped_records_total = 0

    def __len__(self) -> int:
        """Records waiting or in hand."""
        return len(self._waiting) + len(self._in_hand)

    @property
    def waiting(self) -> int:
        """Records that nobody has in hand."""
        return len(self._waiting)

    def offer(self, finished: Finished) -> None:
        """Add an exchange, dropping what no longer fits."""
        entry = Entry(finished)
        self.offered_total += 1
        self._waiting.append(entry)
        self.bytes += entry.bytes
        if entry.has_body:
            self._with_body[id(entry)] = entry
        if self.bytes > self._max_bytes:
            self._shed_bodies()
        while (self.bytes > self._max_bytes or len(self) > self._max_records) and self._waiting:
            self._drop(self._waiting.popleft(), "overflow")

    def take(self, max_records: int, max_bytes: int) -> list[Entry]:
        """The oldest entries, at least one if any waits; they are in hand until `settle`."""
        taken: list[Entry] = []
        size_bytes = 0
        while self._waiting and len(taken) < max_records:
            size_bytes += self._waiting[0].bytes
            if taken and size_bytes > max_bytes:
                break
            entry = self._waiting.popleft()
            self._in_hand[id(entry)] = entry
            taken.append(entry)
        return taken

    def settle(self, taken: Iterable[Entry]) -> int:
        """Give back entries in hand; those not done wait again, first. Returns how many do."""
        again = []
        for entry in taken:
            del self._in_hand[id(entry)]
            if entry.record_done and entry.body_done:
                self._forget(entry)
                self.delivered_total += 1
            else:
                again.append(entry)
        self._waiting.extendleft(reversed(again))
        return len(again)

    def refuse_record(self, entry: Entry) -> None:
        """An entry in hand whose record will never be taken."""
        del self._in_hand[id(entry)]
        self._drop(entry, "refused")

    def refuse_body(self, entry: Entry) -> None:
        """An entry in hand whose body will never be taken; its record goes on."""
        self._let_body_go(entry, "body_refused")

    def give_up(self) -> int:
        """Drop all that waits, at the end; returns how many records that were."""
        dropped = len(self._waiting)
        while self._waiting:
            self._drop(self._waiting.popleft(), "shutdown")
        return dropped

    def _shed_bodies(self) -> None:
        for entry in list(self._with_body.values()):
            if self.bytes <= self._max_bytes:
                return
            if id(entry) not in self._in_hand:
                self._let_body_go(entry, "body_overflow")

    def _let_body_go(self, entry: Entry, reason: DropReason) -> None:
        self._with_body.pop(id(entry), None)
        self.bytes -= entry.bytes - RECORD_BYTES
        entry.drop_body()
        self._count_drop(reason)

    def _drop(self, entry: Entry, reason: DropReason) -> None:
        self._forget(entry)
        if entry.record_done:
            self.delivered_total += 1
            self._count_drop("body_overflow")
        else:
            self.dropped_records_total += 1
            self._count_drop(reason)

    def _forget(self, entry: Entry) -> None:
        entry.is_gone = True
        self.bytes -= entry.bytes
        self._with_body.pop(id(entry), None)


def body_bytes(bodies: BodyEnvelope | None) -> int:
    """How many bytes the two sides hold."""
    if bodies is None:
        return 0
    return sum(len(part.data) for part in (bodies.request, bodies.response) if part is not None)


def without_bodies(finished: Finished) -> Finished:
    """The exchange with its bodies given up, and a record that says so."""
    record = finished.record
    changes = {
        "body_ref": None,
        "request_body": _dropped(record.request_body),
        "response_body": _dropped(record.response_body),
    }
    copied: Record = record.model_copy(update=changes)
    return replace(finished, record=copied, bodies=None)


def _dropped(state: BodyState) -> BodyState:
    return "dropped" if state == "kept" else state
