"""The counters of one process, as its queue moves them: a store each, no system call."""

import fcntl
import mmap
import os
from pathlib import Path
from typing import Final

from app.accounting.counts import UNKNOWN_TENANT, Counts
from app.clock import minute_of
from app.errors import StartError
from proxy.publisher.accounts.layout import (
    CAPACITY,
    COUNTERS,
    PLACE,
    U64,
    Slot,
    counts_of,
    header,
    name,
    size_bytes,
    slot_at,
)

SUFFIX: Final = ".counts"
PRIVATE_FILE: Final = 0o600
KEPT_MINUTES: Final = 10
_PACK, _PROXIED, _NEXT = U64.pack_into, PLACE["proxied"], PLACE["next"]


class Account:
    """One tenant's minute. Moves are stored at once."""

    __slots__ = ("_values", "_view", "minute", "moved", "start", "tenant")

    def __init__(self, view: mmap.mmap, start: int, tenant: str, minute: int) -> None:
        """A slot of the file that begins at `start`; its counters are zero."""
        self._view = view
        self.start = start
        self._values = dict.fromkeys(COUNTERS, 0)
        self.tenant = tenant
        self.minute = minute
        self.moved = False
        view[start : start + len(name(tenant, minute))] = name(tenant, minute)

    def add(self, counter: str, number: int = 1) -> None:
        """Count."""
        self.put(counter, self._values[counter] + number)

    def proxied(self, sequence: int) -> None:
        """Count one record and note its sequence: both at once, for every call does it."""
        values, view, start = self._values, self._view, self.start
        proxied = values["proxied"] = values["proxied"] + 1
        following = values["next"] = sequence + 1
        _PACK(view, start + _PROXIED, proxied)
        _PACK(view, start + _NEXT, following)
        self.moved = True

    def put(self, counter: str, value: int) -> None:
        """Set a counter."""
        self._values[counter] = value
        U64.pack_into(self._view, self.start + PLACE[counter], value)
        self.moved = True

    def slot(self) -> Slot:
        """The counters now."""
        return Slot(self.tenant, self.minute, dict(self._values))


class Book:
    """All accounts of this process, in a file of its own that it holds locked."""

    def __init__(self, directory: Path, producer_id: str, capacity: int = CAPACITY) -> None:
        """Make the file. Raises: StartError, if the directory cannot be written."""
        self.producer_id = producer_id
        self.path = directory / f"{producer_id}{SUFFIX}"
        self._capacity = capacity
        try:
            directory.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
            # Another that looks for the dead may hold it for an instant.
            fcntl.flock(self._file, fcntl.LOCK_EX)
            os.ftruncate(self._file, size_bytes(capacity))
            self._view = mmap.mmap(self._file, size_bytes(capacity))
        except OSError as exc:
            raise StartError(f"{directory} cannot be written: {exc.strerror}") from exc
        head = header(producer_id, capacity)
        self._view[: len(head)] = head
        self._accounts: dict[tuple[str, int], Account] = {}
        self._free = list(range(capacity - 1, 0, -1))
        # Where there is no place any more, totals still add up by producer.
        self._rest = Account(self._view, slot_at(0), UNKNOWN_TENANT, 0)

    def account(self, tenant: str, produced_s: float) -> Account:
        """The account of a tenant's minute."""
        key = (tenant, minute_of(produced_s))
        found = self._accounts.get(key)
        if found is not None:
            return found
        if not self._free:
            return self._rest
        made = Account(self._view, slot_at(self._free.pop()), *key)
        self._accounts[key] = made
        return made

    def lost(self, reason: str, number: int) -> None:
        """Records given up of which nobody knows any more whose they were."""
        del reason
        self._rest.add("spill", number)

    def moved(self) -> list[Counts]:
        """What is to be told: the accounts that moved since they were told."""
        moved = [each for each in (*self._accounts.values(), self._rest) if each.moved]
        for each in moved:
            each.moved = False
        return [counts_of(each.slot(), self.producer_id) for each in moved]

    def not_told(self, counts: list[Counts]) -> None:
        """These did not arrive: tell them again."""
        for each in counts:
            account = self._accounts.get((each.tenant, each.minute), self._rest)
            account.moved = True

    def forget(self, now_s: float) -> None:
        """Give up the places of old minutes that are settled and told."""
        oldest = minute_of(now_s) - KEPT_MINUTES
        for key, each in list(self._accounts.items()):
            settled = not counts_of(each.slot(), self.producer_id).pending
            if each.minute < oldest and settled and not each.moved:
                del self._accounts[key]
                start = each.start
                self._view[start : start + len(name("", 0))] = bytes(len(name("", 0)))
                for counter in COUNTERS:
                    U64.pack_into(self._view, start + PLACE[counter], 0)
                self._free.append((start - slot_at(0)) // (slot_at(1) - slot_at(0)))

    def close(self, *, told: bool) -> None:
        """Let go of the file; it is removed if everything in it was told."""
        self._view.close()
        if told:
            self.path.unlink(missing_ok=True)
        os.close(self._file)
