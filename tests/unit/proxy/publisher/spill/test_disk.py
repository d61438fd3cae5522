"""The local file system, and what its errors mean."""

import errno
import os
from pathlib import Path

import pytest

from proxy.publisher.spill.disk import LocalDisk, Trouble, trouble_of
from tests.support.faulty_disk import error_of


@pytest.mark.parametrize(
    ("number", "state"),
    [
        (errno.ENOSPC, "full"),
        (errno.EDQUOT, "full"),
        (errno.EFBIG, "full"),
        (errno.EROFS, "read_only"),
        (errno.EACCES, "read_only"),
        (errno.EIO, "unavailable"),
        (errno.ENOENT, "unavailable"),
    ],
)
def test_an_error_is_a_state(number: int, state: Trouble) -> None:
    assert trouble_of(error_of(number)) == state


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    """In parts, cut back and written on, for the owner alone."""
    disk, path = LocalDisk(), tmp_path / "a" / "b" / "file"
    disk.make_directory(path.parent)
    disk.make_directory(path.parent)
    descriptor = disk.create(path)
    disk.write(descriptor, [b"one", b"", b"two"])
    disk.cut(descriptor, 4)
    disk.write(descriptor, [b"!"])
    disk.sync(descriptor)
    disk.close(descriptor)
    assert disk.read(path) == b"onet!"
    assert disk.size_bytes(path) == 5
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


def test_a_short_write_is_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system may take less than it is given: the rest follows."""
    writev, write = os.writev, os.write
    monkeypatch.setattr(os, "writev", lambda fd, parts: writev(fd, [b"".join(parts)[:4]]))
    monkeypatch.setattr(os, "write", lambda fd, rest: write(fd, rest[:3]))
    disk = LocalDisk()
    descriptor = disk.create(tmp_path / "x")
    disk.write(descriptor, [b"abcdef", b"ghijkl"])
    disk.close(descriptor)
    assert disk.read(tmp_path / "x") == b"abcdefghijkl"


def test_a_file_is_not_made_twice(tmp_path: Path) -> None:
    disk = LocalDisk()
    disk.close(disk.create(tmp_path / "x"))
    with pytest.raises(FileExistsError):
        disk.create(tmp_path / "x")


def test_names_moves_and_removals(tmp_path: Path) -> None:
    disk = LocalDisk()
    for name in ("b", "a"):
        (tmp_path / name).write_bytes(b"12345")
    assert disk.names(tmp_path) == ["a", "b"]
    assert disk.names(tmp_path / "none") == []
    disk.move(tmp_path / "a", tmp_path / "c")
    disk.cut_file(tmp_path / "c", 2)
    assert disk.read(tmp_path / "c") == b"12"
    disk.remove(tmp_path / "b")
    disk.remove(tmp_path / "b")
    disk.sync_directory(tmp_path)
    assert disk.names(tmp_path) == ["c"]
