"""Who owns a spill directory: the process that holds the lock of the file `lock` in it.

The kernel lets go of the lock (flock, on the open file) when the process ends, however it ends, so
that what a killed process left can be taken over at once.
"""

import fcntl
import logging
import os
from pathlib import Path

from proxy.publisher.spill.disk import PRIVATE_DIRECTORY, PRIVATE_FILE, READ_ONLY

logger = logging.getLogger(__name__)
LOCK_NAME = "lock"


class DirectoryLock:
    """A directory that is ours until `release`."""

    def __init__(self, directory: Path, descriptor: int) -> None:
        """See `take`."""
        self.directory = directory
        self._descriptor = descriptor

    @classmethod
    def take(cls, directory: Path) -> "DirectoryLock | None":
        """Own a directory, made where it is missing; None while another owns it, be it of our own.

        A read-only one can be owned as well, if it has been owned before. Raises: OSError.
        """
        descriptor = _opened(directory)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:
            os.close(descriptor)
            raise
        _sign(descriptor)
        return cls(directory, descriptor)

    def release(self) -> None:
        """Let others have it; once."""
        os.close(self._descriptor)


def owner_of(directory: Path) -> str | None:
    """The process that owns a directory now, `unknown` if it did not say; None if nobody does.

    Raises: OSError, except where there is no such directory.
    """
    try:
        descriptor = os.open(directory / LOCK_NAME, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
    finally:
        os.close(descriptor)
    return None


def _opened(directory: Path) -> int:
    path = directory / LOCK_NAME
    try:
        directory.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
    except OSError as error:
        if error.errno not in READ_ONLY:
            raise
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC)


def _sign(descriptor: int) -> None:
    """Write our process id for those who ask; a disk that takes no more does not matter here."""
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        logger.debug("the lock is not signed: %s", error)
