"""The data directory: one owner at a time, and where things lie in it.

lock                    held by the owner while it lives (flock(2)); names its pid
instance.json           how to reach the running instance; only the owner's user may read it
secrets/                keys minted once, kept for the data they protect
logs/                   what the children print
objects/, analytics/    the durable services' data
worker/                 the worker's own directory on a broker of yours
worker-embedded/        the same on the embedded broker: worth nothing without its topics
"""

import fcntl
import json
import os
import secrets
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from app.errors import StartError, Unavailable

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700


@dataclass(frozen=True, slots=True)
class DataDir:
    """Paths below one root, absolute; nothing is created before `Lock.acquire`."""

    root: Path

    @classmethod
    def at(cls, path: Path) -> Self:
        """The directory as an absolute path, `~` expanded."""
        return cls(path.expanduser().resolve())

    @property
    def instance_path(self) -> Path:
        """How to reach the running instance."""
        return self.root / "instance.json"

    @property
    def objects(self) -> Path:
        """The object store's data."""
        return self.root / "objects"

    @property
    def analytics(self) -> Path:
        """The analytics engine's data."""
        return self.root / "analytics"

    def log(self, name: str) -> Path:
        """A child's log."""
        return self.root / "logs" / f"{name}.log"

    def worker(self, *, embedded_broker: bool) -> Path:
        """The worker's own directory; two, as tables of one broker are wrong on the other."""
        return self.root / ("worker-embedded" if embedded_broker else "worker")

    def forget_embedded_tables(self) -> bool:
        """Remove the tables that went with the embedded broker's former topics; whether any."""
        tables = self.worker(embedded_broker=True) / "tables"
        existed = tables.exists()
        shutil.rmtree(tables, ignore_errors=True)
        if tables.exists():
            raise StartError(f"{tables} cannot be removed, and must be: its topics are gone")
        return existed

    def secret(self, name: str) -> str:
        """A secret of 32 hex digits, minted at the first call and kept in a private file."""
        path = self.root / "secrets" / name
        path.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
        if path.exists():
            return path.read_text(encoding="ascii").strip()
        minted = secrets.token_hex(16)
        write_private(path, minted)
        return minted

    def write_instance(self, facts: dict[str, Any]) -> None:
        """Replace `instance.json` in one step."""
        write_private(self.instance_path, json.dumps(facts, indent=2) + "\n")

    def read_instance(self) -> dict[str, Any]:
        """How to reach the running instance. Raises: Unavailable if none has written it."""
        try:
            facts: dict[str, Any] = json.loads(self.instance_path.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise Unavailable(f"no instance runs on {self.root}") from error
        except (OSError, ValueError) as error:
            raise Unavailable(f"{self.instance_path} cannot be read: {error}") from error
        return facts


class Lock:
    """Ownership of a data directory; the kernel ends it with the process, however that ends."""

    def __init__(self, data_dir: DataDir) -> None:
        """Not held."""
        self._data_dir = data_dir
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Create the directory where it is missing, and own it.

        Raises: StartError when another process does, or the directory cannot be written.
        """
        path = self._data_dir.root / "lock"
        try:
            path.parent.mkdir(mode=PRIVATE_DIRECTORY, parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE_FILE)
        except OSError as error:
            raise StartError(
                f"the data directory {self._data_dir.root} cannot be used ({error.strerror}):"
                " set TAILRACE_DATA_DIR to one that you may write"
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.read(descriptor, 32).decode(errors="replace").strip() or "unknown"
            os.close(descriptor)
            raise StartError(
                f"the data directory {self._data_dir.root} is in use by process {owner}:"
                " stop that one, or set TAILRACE_DATA_DIR to another directory"
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the directory up, and take `instance.json` away."""
        if self._descriptor is not None:
            self._data_dir.instance_path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> Self:
        """Acquire. Raises: StartError."""
        self.acquire()
        return self

    def __exit__(self, *exc_info: object) -> None:
        """Release."""
        self.release()


def write_private(path: Path, text: str) -> None:
    """Replace a file, never readable by others, in one step."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, PRIVATE_FILE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
