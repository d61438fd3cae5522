"""The reference of the metrics, from the one list that declares them."""

from collections.abc import Iterable, Sequence
from typing import Any

from app.reference.markdown import code, page, table

INTRO = """
`/metrics` answers in Prometheus' text format. Names end in their unit, or in `_total` for what only
grows. Counters start at zero with the process; times are seconds.
"""
Row = tuple[str, type[Any], Sequence[str], str]


def metric_name(name: str) -> str:
    """The exposed name of a row."""
    return f"tailrace_{name}"


def render_metrics(rows: Iterable[Row]) -> str:
    """The whole page; one line per metric, in the order of the list."""
    lines = [
        (code(metric_name(name)), kind.__name__.lower(), ", ".join(map(code, labels)), meaning)
        for name, kind, labels, meaning in rows
    ]
    return page("Metrics", INTRO, table(("metric", "kind", "labels", "meaning"), lines))
