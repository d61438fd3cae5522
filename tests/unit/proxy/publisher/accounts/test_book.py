"""The counters of a process: stored at once, told when they moved, forgotten when settled."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app.accounting.counts import UNKNOWN_TENANT
from app.errors import StartError
from proxy.publisher.accounts.book import Book
from proxy.publisher.accounts.layout import slots
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


def test_told_when_they_moved(tmp_path: Path) -> None:
    book = Book(tmp_path, "p")
    account = book.account("t", NOW_S)
    account.add("proxied")
    account.put("next", 8)
    assert book.account("t", NOW_S + 1) is account
    (told,) = book.moved()
    assert (told.producer_id, told.tenant, told.proxied, told.last_sequence) == ("p", "t", 1, 7)
    assert book.moved() == []
    book.not_told([told])
    assert book.moved() == [told]
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
    assert {each.tenant for each in book.moved()} == {"t0", "t1", UNKNOWN_TENANT}
    book.account("t0", NOW_S).add("durable")
    book.moved()
    book.forget(NOW_S + 3600)
    fresh = book.account("new", NOW_S + 3600)
    assert (fresh.tenant, fresh.slot().values["proxied"]) == ("new", 0)
    found = {slot.tenant for slot in slots(book.path.read_bytes())}
    assert found == {"t1", "new", UNKNOWN_TENANT}
    book.close(told=False)
    assert book.path.exists()


def test_losses_of_unknown_tenants(tmp_path: Path) -> None:
    book = Book(tmp_path, "p")
    book.lost("spill_overflow", 7)
    (told,) = book.moved()
    assert (told.tenant, told.dropped) == (UNKNOWN_TENANT, {"spill": 7})
    book.close(told=True)


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError):
        Book(tmp_path / "file" / "x", "p")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
