"""The analytics engine's twin in memory: rows by key, prepared answers, and faults on demand."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from app.errors import SinkRefused, SinkUnavailable
from app.sinks.clickhouse.protocol import MAX_ROWS, TIMEOUT_S

Answer = Callable[[str, Mapping[str, Any]], list[dict[str, Any]]]


class MemoryAnalytics:
    """Tables named with their keys; a row with the key of an earlier one replaces it.

    Faults are attributes: `is_down` refuses everything for now, `poison` says which rows are
    refused for ever. It runs no SQL: `answer` gives the rows of a query from its text and
    parameters, both of which `asked` keeps.
    """

    def __init__(self, keys: Mapping[str, Sequence[str]], answer: Answer | None = None) -> None:
        """Empty tables; `keys` names each one's identifying columns."""
        self._keys = keys
        self._rows: dict[str, dict[tuple[Any, ...], dict[str, Any]]] = {name: {} for name in keys}
        self._is_open = True
        self.answer = answer or (lambda sql, parameters: [])
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.inserts: list[tuple[str, int]] = []
        self.is_down = False
        self.poison: Callable[[Mapping[str, Any]], bool] = lambda row: False

    @property
    def state(self) -> str:
        """`ok` or `down`."""
        return "ok" if self._is_open and not self.is_down else "down"

    async def start(self) -> None:
        """Nothing to open."""

    async def insert(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]
    ) -> None:
        """Keep the rows. Raises: SinkUnavailable, SinkRefused (then none is kept)."""
        if not rows:
            return
        self._check()
        if table not in self._rows:
            raise SinkUnavailable(f"no table {table}", reached=True)
        made = [dict(zip(columns, row, strict=True)) for row in rows]
        if any(self.poison(row) for row in made):
            raise SinkRefused("a row is poison")
        self.inserts.append((table, len(made)))
        for row in made:
            self._rows[table][tuple(row[name] for name in self._keys[table])] = row

    async def query(
        self,
        sql: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        max_rows: int = MAX_ROWS,
        timeout_s: float = TIMEOUT_S,
    ) -> list[dict[str, Any]]:
        """What `answer` gives. Raises: SinkUnavailable, SinkRefused over `max_rows`."""
        del timeout_s
        self._check()
        self.asked.append((sql, dict(parameters or {})))
        rows = self.answer(sql, parameters or {})
        if len(rows) > max_rows:
            raise SinkRefused(f"more than {max_rows} rows")
        return rows

    async def close(self) -> None:
        """Everything raises from now on."""
        self._is_open = False

    def rows(self, table: str) -> list[dict[str, Any]]:
        """What a table holds, each row once, in the order of first arrival."""
        return list(self._rows[table].values())

    def _check(self) -> None:
        if self.state != "ok":
            raise SinkUnavailable("down")
