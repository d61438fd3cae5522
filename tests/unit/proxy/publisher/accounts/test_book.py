"""The counters of a process: stored at once, told when they moved, forgotten when settled."""

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.accounting.counts import UNKNOWN_TENANT, Counts
from app.clock import ManualClock, minute_of
from app.errors import StartError
from proxy.publisher.accounts.book import FORGOTTEN_AT_A_TIME, PLACES_PER_LOSS, Account, Book
from proxy.publisher.accounts.layout import (
    COUNTERS,
    SLOT_BYTES,
    Slot,
    counts_of,
    size_bytes,
    slot_at,
    slots,
)
from tests.support.processes import REPO

NOW_S = 1_790_000_000.0
KILLED = """
import os, signal, sys
from pathlib import Path
from proxy.publisher.accounts.book import Book
book = Book(Path(sys.argv[1]), "p")
for number in range(1000):
    book.account("t", 1_790_000_000.0 + number).add("proxied")
os.kill(os.getpid(), signal.SIGKILL)
"""


def told_by(book: Book) -> list[Counts]:
    """All that moved."""
    return list(book.tell(book.moved()))


def no_room(*_: object) -> None:
    """A disk that is full."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_told_when_they_moved(tmp_path: Path) -> None:
    book = Book(tmp_path, "p")
    account = book.account("t", NOW_S)
    account.add("proxied")
    account.put("next", 8)
    assert book.account("t", NOW_S + 1) is account
    (told,) = told_by(book)
    assert (told.producer_id, told.tenant, told.proxied, told.last_sequence) == ("p", "t", 1, 7)
    assert book.moved() == []
    book.not_told([account])
    assert told_by(book) == [told]
    book.close(told=True)
    assert not book.path.exists()


def test_what_a_sigkill_leaves(tmp_path: Path) -> None:
    """Every count that was made."""
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], cwd=REPO)
    assert done.returncode == -signal.SIGKILL
    data = (tmp_path / "p.counts").read_bytes()
    assert sum(slot.values["proxied"] for slot in slots(data)) == 1000


def test_old_settled_minutes_make_room(tmp_path: Path) -> None:
    """Where there is none the totals still add up."""
    book = Book(tmp_path, "p", capacity=3)
    for number in range(4):
        book.account(f"t{number}", NOW_S).add("proxied")
    assert {each.tenant for each in told_by(book)} == {"t0", "t1", UNKNOWN_TENANT}
    book.account("t0", NOW_S).add("durable")
    told_by(book)
    book.forget(NOW_S + 3600)
    fresh = book.account("new", NOW_S + 3600)
    assert (fresh.tenant, fresh.slot().values["proxied"]) == ("new", 0)
    found = {slot.tenant for slot in slots(book.path.read_bytes())}
    assert found == {"t1", "new", UNKNOWN_TENANT}
    book.close(told=False)
    assert book.path.exists()


def test_a_place_given_up_is_as_if_it_had_never_been_used(tmp_path: Path) -> None:
    book = Book(tmp_path, "p", capacity=2)
    account = book.account("t", NOW_S)
    for counter in COUNTERS:
        account.put(counter, 9)
    told_by(book)
    book.forget(NOW_S + 3600)
    data = book.path.read_bytes()
    assert data[slot_at(1) : slot_at(2)] == bytes(SLOT_BYTES)
    book.close(told=True)


def test_old_minutes_are_given_up_some_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else waits for it; and nothing is made of what is not told."""
    book = Book(tmp_path, "p")
    for number in range(FORGOTTEN_AT_A_TIME + 7):
        book.account(f"t{number}", NOW_S).add("sampled_out")
    told_by(book)
    monkeypatch.delattr("proxy.publisher.accounts.book.counts_of")
    for left in (7, 0):
        book.forget(NOW_S + 3600)
        found = [slot.tenant for slot in slots(book.path.read_bytes())]
        assert len(found) == left + 1
    book.close(told=True)


@given(st.lists(st.integers(0, 9), min_size=len(COUNTERS), max_size=len(COUNTERS)))
def test_what_is_pending_is_what_would_be_told(values: list[int]) -> None:
    given_values = dict(zip(COUNTERS, values, strict=True))
    account = Account(bytearray(SLOT_BYTES), 0, "t", 1)  # type: ignore[arg-type]
    for counter, value in given_values.items():
        account.put(counter, value)
    assert account.pending == counts_of(Slot("t", 1, given_values), "p").pending


def test_all_of_the_file_is_on_the_disk(tmp_path: Path) -> None:
    """Before the first store into it: a disk that is full by then ends no process."""
    with (tmp_path / "probe").open("wb") as probe:
        probe.write(bytes(size_bytes()))
    if (tmp_path / "probe").stat().st_blocks * 512 < size_bytes():
        pytest.skip("a file system that keeps no room")
    book = Book(tmp_path, "p")
    assert book.path.stat().st_size == size_bytes()
    assert book.path.stat().st_blocks * 512 >= size_bytes()
    book.close(told=True)


@pytest.mark.parametrize("name", ["pwrite", "mkdir"])
def test_on_a_full_disk_it_counts_all_the_same(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """And leaves nothing that a successor would have to read."""
    monkeypatch.setattr(os, name, no_room)
    for told in (True, False):
        book = Book(tmp_path / "accounts", "p")
        book.account("t", NOW_S).proxied(4)
        (counts,) = told_by(book)
        assert (counts.tenant, counts.proxied, counts.last_sequence) == ("t", 1, 4)
        book.account("t", NOW_S).add("durable")
        told_by(book)
        book.forget(NOW_S + 3600)
        book.close(told=told)
        assert not [*tmp_path.rglob("*.counts")]
    assert caplog.text.count("do not survive a kill") == 2


def test_a_file_that_cannot_be_removed_is_no_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its successor tells the same once more."""
    book = Book(tmp_path, "p")
    monkeypatch.setattr(os, "unlink", no_room)
    book.close(told=True)
    assert book.path.exists()
    assert "cannot be removed" in caplog.text


def test_losses_of_unknown_tenants(tmp_path: Path) -> None:
    """By the minute of the loss."""
    clock = ManualClock(NOW_S)
    book = Book(tmp_path, "p", clock=clock)
    book.lost("spill_overflow", 7)
    book.lost("refused", 2)
    (told,) = told_by(book)
    assert (told.tenant, told.minute) == (UNKNOWN_TENANT, minute_of(NOW_S))
    assert told.dropped == {"spill": 7, "refused": 2}
    clock.advance(60)
    book.lost("spill_overflow", 1)
    (told,) = told_by(book)
    assert (told.minute, told.dropped) == (minute_of(NOW_S) + 1, {"spill": 1})
    book.close(told=True)


def test_what_is_lost_has_its_minute_though_tenants_have_no_place(tmp_path: Path) -> None:
    """Until these are used up too: then that of an earlier loss, whose place is kept."""
    clock = ManualClock(NOW_S)
    book = Book(tmp_path, "p", capacity=PLACES_PER_LOSS, clock=clock)
    for number in range(PLACES_PER_LOSS):
        book.account(f"t{number}", NOW_S).add("sampled_out")
    assert len([each for each in told_by(book) if each.minute]) == PLACES_PER_LOSS - 2
    book.lost("spill_overflow", 1)
    clock.advance(60)
    book.lost("spill_overflow", 2)
    (told,) = told_by(book)
    assert (told.minute, told.dropped) == (minute_of(NOW_S), {"spill": 3})
    clock.advance(3600)
    book.forget(clock.now_s())
    book.lost("spill_overflow", 4)
    (told,) = told_by(book)
    assert (told.minute, told.dropped) == (minute_of(clock.now_s()), {"spill": 4})
    book.forget(clock.now_s())
    assert [slot.tenant for slot in slots(book.path.read_bytes())] == [UNKNOWN_TENANT] * 2
    book.close(told=True)


def test_the_place_of_the_last_loss_is_not_given_up(tmp_path: Path) -> None:
    """What is lost without a place is added there."""
    clock = ManualClock(NOW_S)
    book = Book(tmp_path, "p", capacity=2, clock=clock)
    book.lost("spill_overflow", 1)
    told_by(book)
    clock.advance(3600)
    book.forget(clock.now_s())
    assert book.account("t", clock.now_s()).tenant == UNKNOWN_TENANT
    book.lost("spill_overflow", 2)
    (told,) = told_by(book)
    assert (told.minute, told.dropped) == (minute_of(NOW_S), {"spill": 3})
    book.close(told=True)


def test_a_minute_that_found_no_place_stays_with_the_rest(tmp_path: Path) -> None:
    """A place that becomes free meanwhile would split it; the next minute may have it."""
    book = Book(tmp_path, "p", capacity=3)
    for number in range(2):
        book.account(f"t{number}", NOW_S - 3600).add("sampled_out")
    rest = book.account("c", NOW_S)
    told_by(book)
    book.forget(NOW_S)
    for tenant in ("c", "d"):
        assert book.account(tenant, NOW_S) is rest
        assert book.account(tenant, NOW_S - 60) is rest
    assert book.account("c", NOW_S + 60).tenant == "c"
    book.close(told=True)


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError):
        Book(tmp_path / "file" / "x", "p")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
