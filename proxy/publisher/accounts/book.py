"""The counters of one process, as its queue moves them: a store each, no system call."""

import errno
import fcntl
import logging
import mmap
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from app.accounting.counts import UNKNOWN_TENANT, Counts
from app.clock import Clock, SystemClock, minute_of
from app.errors import StartError
from proxy.publisher.accounts.layout import (
    CAPACITY,
    COUNTERS,
    DROPS,
    PLACE,
    SLOT_BYTES,
    U64,
    Slot,
    counts_of,
    header,
    name,
    size_bytes,
    slot_at,
)

logger = logging.getLogger(__name__)
SUFFIX: Final = ".counts"
PRIVATE_FILE: Final = 0o600
KEPT_MINUTES: Final = 10
# About a third of a millisecond.
FORGOTTEN_AT_A_TIME: Final = 200
# One place in so many is kept for losses: each has its minute, also when tenants have no place.
PLACES_PER_LOSS: Final = 64
FULL: Final = (errno.ENOSPC, errno.EDQUOT)
NAME_BYTES: Final = len(name("", 0))
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

    @property
    def pending(self) -> int:
        """Records that are neither durable nor given up."""
        values = self._values
        pending = values["proxied"] - values["sampled_out"] - values["durable"]
        for reason in DROPS:
            pending -= values[reason]
        return max(0, pending)

    def slot(self) -> Slot:
        """The counters now."""
        return Slot(self.tenant, self.minute, dict(self._values))


class Book:
    """All accounts of this process, in a file of its own that it holds locked.

    Where the disk has no room for the file they are in memory: they do not survive a kill then.
    """

    def __init__(
        self,
        directory: Path,
        producer_id: str,
        capacity: int = CAPACITY,
        clock: Clock | None = None,
    ) -> None:
        """Make the file. Raises: StartError, if the directory cannot be written."""
        self._clock = clock or SystemClock()
        self.producer_id = producer_id
        self.path = directory / f"{producer_id}{SUFFIX}"
        self._capacity = capacity
        try:
            self._file = _reserved(self.path, size_bytes(capacity))
            shared = -1 if self._file is None else self._file
            self._view = mmap.mmap(shared, size_bytes(capacity))
        except OSError as exc:
            raise StartError(f"{directory} cannot be written: {exc.strerror}") from exc
        head = header(producer_id, capacity)
        self._view[: len(head)] = head
        self._accounts: dict[tuple[str, int], Account] = {}
        self._free = list(range(capacity - 1, 0, -1))
        self._kept_free = capacity // PLACES_PER_LOSS
        # Where there is no place any more: counted, and compared with nothing.
        self._rest = Account(self._view, slot_at(0), UNKNOWN_TENANT, 0)
        self._full_minute = -1
        self._losses = self._rest

    def account(self, tenant: str, produced_s: float) -> Account:
        """The account of a tenant's minute: the same one, or the rest, for as long as it lasts."""
        key = (tenant, minute_of(produced_s))
        found = self._accounts.get(key)
        if found is not None:
            return found
        # A place that becomes free in a full minute would split who is in the rest already.
        if key[1] <= self._full_minute or len(self._free) <= self._kept_free:
            self._full_minute = max(self._full_minute, key[1])
            return self._rest
        return self._place(key)

    def _place(self, key: tuple[str, int]) -> Account:
        made = Account(self._view, slot_at(self._free.pop()), *key)
        self._accounts[key] = made
        return made

    def lost(self, reason: str, number: int) -> None:
        """Records given up in this minute, of which nobody knows any more whose they were."""
        key = (UNKNOWN_TENANT, minute_of(self._clock.now_s()))
        found = self._accounts.get(key)
        if found is None and self._free:
            found = self._place(key)
        # Without a place they count as lost in an earlier minute, which explains less.
        self._losses = found or self._losses
        self._losses.add("refused" if reason == "refused" else "spill", number)

    def moved(self) -> list[Account]:
        """The accounts that moved since they were told."""
        return [each for each in (*self._accounts.values(), self._rest) if each.moved]

    def tell(self, accounts: Iterable[Account]) -> Iterator[Counts]:
        """What is to be told of each, which counts as told from then on."""
        for each in accounts:
            each.moved = False
            yield counts_of(each.slot(), self.producer_id)

    def not_told(self, accounts: Iterable[Account]) -> None:
        """These did not arrive: tell them again."""
        for each in accounts:
            each.moved = True

    def forget(self, now_s: float) -> None:
        """Give up the places of old minutes that are settled and told, some of them at a time."""
        oldest = minute_of(now_s) - KEPT_MINUTES
        old: list[Account] = []
        for each in self._accounts.values():
            if each.minute >= oldest or each is self._losses:
                continue
            if not each.moved and not each.pending:
                old.append(each)
                if len(old) == FORGOTTEN_AT_A_TIME:
                    break
        for each in old:
            del self._accounts[each.tenant, each.minute]
            start = each.start
            # Without a name it is nobody's, whatever it holds.
            self._view[start : start + NAME_BYTES] = bytes(NAME_BYTES)
            self._view[start + NAME_BYTES : start + SLOT_BYTES] = bytes(SLOT_BYTES - NAME_BYTES)
            self._free.append((start - slot_at(0)) // SLOT_BYTES)

    def close(self, *, told: bool) -> None:
        """Let go of the file; it is removed if everything in it was told."""
        self._view.close()
        if self._file is None:
            return
        if told:
            _remove(self.path)
        os.close(self._file)


def _reserved(path: Path, size: int) -> int | None:
    """A locked file with all of its blocks; None if the disk has no room. Raises: OSError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as exc:
        if exc.errno not in FULL:
            raise
        _warn(path, exc)
        return None
    # Another that looks for the dead may hold it for an instant.
    fcntl.flock(file, fcntl.LOCK_EX)
    try:
        # A store into a page that the disk has no block for would be our end, by SIGBUS.
        if os.pwrite(file, bytes(size), 0) < size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as exc:
        _warn(path, exc)
        _remove(path)
        os.close(file)
        return None
    return file


def _warn(path: Path, exc: OSError) -> None:
    why = exc.strerror
    logger.warning("the counts of this process do not survive a kill: no %s: %s", path, why)


def _remove(path: Path) -> None:
    """As far as the disk lets us: what is told twice is counted once."""
    try:
        path.unlink(missing_ok=True)
    except OSError as exc:
        logger.warning("%s cannot be removed: %s", path, exc.strerror)
