"""What others see of the analytics engine: insert rows, ask questions; a twin is in `memory.py`."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

MAX_ROWS = 10_000
TIMEOUT_S = 10.0


class Analytics(Protocol):
    """Tables of rows that are replaced by their sorting key, and SQL over them.

    Values go in as `orjson` writes them (None, bool, int, float, str, UTC datetimes, lists, dicts
    with text keys) and come out as JSON has them: a time is RFC 3339 text in UTC.
    """

    @property
    def state(self) -> str:
        """`ok`, `starting`, `down`, or the word for what must be mended; known without asking."""

    async def start(self) -> None:
        """Open the engine and bring its schema up to date; raises nothing, see `state`.

        An engine that is away is tried again by the next `insert`, `query` or `start`.
        """

    async def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Make the rows durable: all of them or, where it raises, possibly some; again is harmless.

        No rows: nothing is asked.
        Raises: SinkUnavailable (`reached`: fewer rows may pass), SinkRefused: one of them never
        will.
        """

    async def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        max_rows: int = MAX_ROWS,
        timeout_s: float = TIMEOUT_S,
    ) -> list[dict[str, Any]]:
        """The rows of a SELECT without FORMAT; `{name:Type}` in the text is bound by the engine.

        Raises: SinkUnavailable; SinkRefused for a wrong statement, and for one that reads more,
        answers more or takes longer than it may.
        """

    async def close(self) -> None:
        """Let go of connections; again is harmless. Afterwards everything is SinkUnavailable."""
