"""The reference of the metrics, from the one list that declares them."""

from collections.abc import Iterable, Sequence
from typing import Any

from app.reference.markdown import code, page, table

INTRO = """
`/metrics` answers in Prometheus' text format. Names end in their unit, or in `_total` for what only
grows. Counters start at zero with the process; times are seconds.

Of `tailrace worker --processes N`, whichever process answers gives the metrics of all, each with
the label `process` (0 to N - 1), and `tailrace_process_up`, 1 or, for one that did not answer
within a second, 0. A request with the header `tailrace-hop: 1` is answered by one process alone.
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
