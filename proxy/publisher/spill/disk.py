"""The file system as the spill needs it, and what its errors mean.

Errors are `OSError`, as the system gives them; `trouble_of` says which state each is.
"""

import errno
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, Protocol

Trouble = Literal["full", "read_only", "unavailable"]
State = Literal["ok"] | Trouble
HEALED_BY_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
FULL = HEALED_BY_ROOM | {errno.EFBIG}
READ_ONLY = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})
PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
APPEND_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


def trouble_of(error: OSError) -> Trouble:
    """`full` heals when space returns, `read_only` when we may write; anything else is the disk."""
    if error.errno in FULL:
        return "full"
    return "read_only" if error.errno in READ_ONLY else "unavailable"


class Disk(Protocol):
    """Files and directories; every method blocks and may raise OSError."""

    def names(self, directory: Path) -> list[str]:
        """What lies in a directory, sorted; nothing where there is no directory."""

    def make_directory(self, directory: Path) -> None:
        """Make it with its parents, for the owner alone; harmless if it is there."""

    def create(self, path: Path) -> int:
        """A descriptor to write a new file from its beginning."""

    def write(self, descriptor: int, parts: Sequence[bytes]) -> None:
        """Write all parts at the descriptor's place; on an error some of it may be written."""

    def cut(self, descriptor: int, size_bytes: int) -> None:
        """Make the open file this short, and go on writing there."""

    def sync(self, descriptor: int) -> None:
        """Bring what was written to the device."""

    def close(self, descriptor: int) -> None:
        """Let go of the file."""

    def read(self, path: Path) -> bytes:
        """The whole file."""

    def size_bytes(self, path: Path) -> int:
        """How long a file is."""

    def cut_file(self, path: Path, size_bytes: int) -> None:
        """Make a file this short."""

    def move(self, source: Path, target: Path) -> None:
        """Rename a file on the same file system."""

    def remove(self, path: Path) -> None:
        """Delete a file; harmless if it is gone."""

    def sync_directory(self, directory: Path) -> None:
        """Bring made, moved and deleted names to the device."""


class LocalDisk:
    """The machine's own file system."""

    def names(self, directory: Path) -> list[str]:
        """See `Disk`."""
        try:
            return sorted(path.name for path in directory.iterdir())
        except FileNotFoundError:
            return []

    def make_directory(self, directory: Path) -> None:
        """See `Disk`."""
        directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)

    def create(self, path: Path) -> int:
        """See `Disk`."""
        return os.open(path, APPEND_NEW, PRIVATE_FILE)

    def write(self, descriptor: int, parts: Sequence[bytes]) -> None:
        """See `Disk`; at most `IOV_MAX` parts (1024 on Linux). Copies only after a short write."""
        written = os.writev(descriptor, parts)
        if written == sum(map(len, parts)):
            return
        rest = memoryview(b"".join(parts))[written:]
        while rest:
            rest = rest[os.write(descriptor, rest) :]

    def cut(self, descriptor: int, size_bytes: int) -> None:
        """See `Disk`."""
        os.ftruncate(descriptor, size_bytes)
        os.lseek(descriptor, size_bytes, os.SEEK_SET)

    def sync(self, descriptor: int) -> None:
        """See `Disk`."""
        os.fsync(descriptor)

    def close(self, descriptor: int) -> None:
        """See `Disk`."""
        os.close(descriptor)

    def read(self, path: Path) -> bytes:
        """See `Disk`."""
        return path.read_bytes()

    def size_bytes(self, path: Path) -> int:
        """See `Disk`."""
        return path.stat().st_size

    def cut_file(self, path: Path, size_bytes: int) -> None:
        """See `Disk`."""
        os.truncate(path, size_bytes)

    def move(self, source: Path, target: Path) -> None:
        """See `Disk`."""
        source.rename(target)

    def remove(self, path: Path) -> None:
        """See `Disk`."""
        path.unlink(missing_ok=True)

    def sync_directory(self, directory: Path) -> None:
        """See `Disk`."""
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
