"""A real disk that fails as it is told: the errors of full, read-only and broken disks."""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

from proxy.publisher.spill.disk import LocalDisk

CHANGING = frozenset(
    {
        "make_directory",
        "create",
        "write",
        "cut",
        "sync",
        "cut_file",
        "move",
        "remove",
        "sync_directory",
    }
)


def error_of(number: int) -> OSError:
    """The error as the system would raise it."""
    return OSError(number, os.strerror(number))


class FaultyDisk(LocalDisk):
    """`errors[method]` is the errno that the method fails with; `calls` are all calls in order.

    `free_bytes` is what may still be written: a write beyond it writes what fits, then fails with
    ENOSPC; deleting gives the space back.
    """

    def __init__(self) -> None:
        self.errors: dict[str, int] = {}
        self.calls: list[str] = []
        self.free_bytes: int | None = None

    def read_only(self) -> None:
        """From now on nothing can be changed."""
        self.errors = dict.fromkeys(CHANGING, errno.EROFS)

    def heal(self) -> None:
        """From now on everything works."""
        self.errors = {}
        self.free_bytes = None

    def _called(self, method: str) -> None:
        self.calls.append(method)
        if (number := self.errors.get(method)) is not None:
            raise error_of(number)

    def names(self, directory: Path) -> list[str]:
        self._called("names")
        return super().names(directory)

    def make_directory(self, directory: Path) -> None:
        self._called("make_directory")
        super().make_directory(directory)

    def create(self, path: Path) -> int:
        self._called("create")
        return super().create(path)

    def write(self, descriptor: int, parts: Sequence[bytes]) -> None:
        self._called("write")
        whole = b"".join(parts)
        if self.free_bytes is not None and len(whole) > self.free_bytes:
            super().write(descriptor, [whole[: self.free_bytes]])
            self.free_bytes = 0
            raise error_of(errno.ENOSPC)
        if self.free_bytes is not None:
            self.free_bytes -= len(whole)
        super().write(descriptor, parts)

    def cut(self, descriptor: int, size_bytes: int) -> None:
        self._called("cut")
        super().cut(descriptor, size_bytes)

    def sync(self, descriptor: int) -> None:
        self._called("sync")
        super().sync(descriptor)

    def read(self, path: Path) -> bytes:
        self._called("read")
        return super().read(path)

    def cut_file(self, path: Path, size_bytes: int) -> None:
        self._called("cut_file")
        super().cut_file(path, size_bytes)

    def move(self, source: Path, target: Path) -> None:
        self._called("move")
        super().move(source, target)

    def remove(self, path: Path) -> None:
        self._called("remove")
        if self.free_bytes is not None and path.exists():
            self.free_bytes += path.stat().st_size
        super().remove(path)

    def sync_directory(self, directory: Path) -> None:
        self._called("sync_directory")
        super().sync_directory(directory)
