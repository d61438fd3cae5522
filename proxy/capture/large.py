"""Bodies that are too large for a copy: what a capture asks of whoever keeps them elsewhere."""

from collections.abc import Callable
from datetime import datetime
from typing import Literal, Protocol

from app.record.bodies import StoredBody

Side = Literal["request", "response"]


class LargeBody(Protocol):
    """One body on its way to where it is kept; `add`, `end`, `give_up` never wait, never raise."""

    @property
    def state(self) -> Literal["open", "kept", "too_large", "dropped"]:
        """`open` until it is known what becomes of it."""

    @property
    def stored(self) -> StoredBody | None:
        """Where it is, once it is `kept`."""

    def add(self, chunk: bytes) -> None:
        """Some more of it."""

    def end(self) -> None:
        """There is no more of it."""

    def give_up(self) -> None:
        """Let go of it: what is open still is dropped."""

    async def settled(self) -> None:
        """Wait until it is not open any more."""


class LargeBodies(Protocol):
    """Keeps large bodies."""

    def begin(self, tenant: str, started_at: datetime, request_id: str, side: Side) -> LargeBody:
        """One to be fed from now on."""

    def address(self, stored: StoredBody) -> str:
        """How a record names where the exchange's large bodies are."""


Begin = Callable[[], LargeBody]
