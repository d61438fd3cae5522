"""A tail as lines of a terminal (sans-I/O)."""

from collections.abc import Iterator
from typing import Any

import orjson

NANO = 1e9
HEADINGS = (
    f"{'time':12} {'status':>6} {'outcome':14} {'ms':>7} {'in':>7} {'out':>6} {'USD':>12}  who"
)


class EventReader:
    """Events out of the lines of a stream: name and data."""

    def __init__(self) -> None:
        """At the beginning of an event."""
        self._name = ""
        self._data = ""

    def feed(self, line: str) -> tuple[str, Any] | None:
        """An event, once its last line came. Raises: ValueError for data that is no JSON."""
        if line:
            name, _, value = line.partition(": ")
            if name == "event":
                self._name = value
            elif name == "data":
                self._data = value
            return None
        event, self._name, self._data = (self._name, self._data), "", ""
        return (event[0], orjson.loads(event[1])) if event[0] else None


def lines_of(name: str, data: Any) -> Iterator[str]:
    """What to print of an event."""
    if name == "exchange":
        yield exchange_line(data)
    elif name == "missed":
        count = data["count"]
        yield f"-- {'some' if count is None else count} not shown"
    elif name == "worker_away":
        yield f"-- {data['worker']} is away: its exchanges are missing"


def exchange_line(data: dict[str, Any]) -> str:
    """One exchange; texts of the record are printable by its own rules."""
    usage = data.get("usage") or {}
    cost = data.get("cost_nano_usd")
    model = data.get("model") or data.get("model_requested") or "-"
    dollars = "-" if cost is None else f"{cost / NANO:.9f}"
    return (
        f"{data['started_at'][11:23]:12} {data.get('status') or '-':>6} {data['outcome']:14}"
        f" {data['timings_ms']['total']:7.0f} {_count(usage.get('input')):>7}"
        f" {_count(usage.get('output')):>6} {dollars:>12}"
        f"  {data['user']} {data['provider']}/{model}"
    )


def _count(number: int | None) -> str:
    return "-" if number is None else str(number)
