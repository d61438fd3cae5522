"""What others see of the `control` topic."""

from collections.abc import Callable, Mapping
from typing import Protocol

OnChange = Callable[[str, bytes | None], None]
"""Key and value of an entry that was put; None: it was removed."""


class Control(Protocol):
    """Entries of JSON by kind and key, the same in every process within a second of a put."""

    @property
    def state(self) -> str:
        """`live`: as the topic is; `starting`; `snapshot`: as it was when the broker was seen last;
        `stale`: read whole once, the broker does not answer now.
        """

    def get(self, kind: str, key: str) -> bytes | None:
        """One entry's value, JSON as it was put; None without one."""

    def items(self, kind: str) -> Mapping[str, bytes]:
        """All entries of a kind by key, as they are now."""

    def on_change(self, kind: str, callback: OnChange) -> None:
        """Call back for each entry of a kind that is there, and for each change from now on.

        Called on the loop; must not block. What it raises is logged, and changes nothing.
        """

    async def put(self, kind: str, key: str, value: bytes | None) -> None:
        """Replace an entry by JSON, or remove it; returns when it is durable and seen here.

        Raises: Unavailable when the topic is not live, or no broker takes it, or it is not read
        back in time: then it may be there or not; RecordError (`invalid`) for a bad kind or key, or
        a value that is not JSON.
        """

    async def until_live(self) -> None:
        """Wait until the topic was read whole. Raises: Unavailable if that takes too long."""
