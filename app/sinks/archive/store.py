"""What the archive asks of an object store: S3 (`s3.py`), or its twin in memory."""

from typing import Protocol


class Upload(Protocol):
    """An object written in parts; nobody sees it before it is finished."""

    async def part(self, data: bytes) -> None:
        """The next part; all but the last are of 5 MiB or more. Raises: as `ObjectStore.put`."""

    async def finish(self) -> None:
        """Make the object of the parts; of one part at least. Raises: as `ObjectStore.put`.

        Called again after it raised, it is done where the object was made all the same.
        """

    async def abort(self) -> None:
        """Let go of the parts; raises nothing, again is harmless, after `finish` too."""


class ObjectStore(Protocol):
    """A bucket: immutable objects by name. Safe to use from one event loop."""

    @property
    def state(self) -> str:
        """`new` before the first call ended, then `ok` or the state of a `StoreUnavailable`."""

    async def check(self) -> None:
        """One cheap call that is likely to succeed; makes a missing bucket where that is allowed.

        Raises: StoreUnavailable, whose state tells no bucket from refused keys; SinkRefused.
        """

    async def put(self, key: str, data: bytes) -> None:
        """Write an object; it is durable then. Raises: StoreUnavailable, SinkRefused."""

    async def get(self, key: str, offset: int, length: int) -> bytes | None:
        """Some bytes of an object, fewer at its end; None where there is none of that name.

        Raises: StoreUnavailable, SinkRefused.
        """

    async def upload(self, key: str) -> Upload:
        """Begin an object in parts. Raises: StoreUnavailable, SinkRefused."""

    async def close(self) -> None:
        """Let go of connections; again is harmless."""
