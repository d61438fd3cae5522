"""One owner per directory, for as long as it lives."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.publisher.spill.lock import LOCK_NAME, DirectoryLock, owner_of

HOLD = """
import sys
from pathlib import Path
from proxy.publisher.spill.lock import DirectoryLock
lock = DirectoryLock.take(Path(sys.argv[1]))
print("taken" if lock else "refused", flush=True)
sys.stdin.read()
"""


def test_a_second_owner_is_refused(tmp_path: Path) -> None:
    """Within one process as well, until the first lets go."""
    directory = tmp_path / "a" / "0"
    first = DirectoryLock.take(directory)
    assert first is not None
    assert DirectoryLock.take(directory) is None
    assert owner_of(directory) == str(os.getpid())
    first.release()
    assert owner_of(directory) is None
    second = DirectoryLock.take(directory)
    assert second is not None
    second.release()


def test_a_killed_owner_owns_nothing(tmp_path: Path) -> None:
    """The kernel lets go of the lock."""
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"taken\n"
        assert owner_of(tmp_path) == str(child.pid)
        assert DirectoryLock.take(tmp_path) is None
        child.kill()
    lock = DirectoryLock.take(tmp_path)
    assert lock is not None
    lock.release()


def test_nobody_owns_what_is_not_there(tmp_path: Path) -> None:
    assert owner_of(tmp_path / "none") is None


def test_an_unsigned_lock_is_of_somebody(tmp_path: Path) -> None:
    lock = DirectoryLock.take(tmp_path)
    assert lock is not None
    (tmp_path / LOCK_NAME).write_bytes(b"")
    assert owner_of(tmp_path) == "unknown"
    lock.release()


def test_a_read_only_directory_can_be_owned(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What lies on a disk that became read-only can still be replayed."""
    first = DirectoryLock.take(tmp_path)
    assert first is not None
    first.release()
    really_open = os.open

    def refusing(path: Path, flags: int, mode: int = 0o777) -> int:
        if flags & os.O_RDWR:
            raise PermissionError(30, "Read-only file system")
        return really_open(path, flags, mode)

    monkeypatch.setattr(os, "open", refusing)
    lock = DirectoryLock.take(tmp_path)
    assert lock is not None
    lock.release()


def test_what_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotADirectoryError):
        DirectoryLock.take(tmp_path / "file" / "0")
