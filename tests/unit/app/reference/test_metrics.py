from prometheus_client import Counter, Gauge

from app.metrics import ROWS
from app.reference.metrics import metric_name, render_metrics


def test_one_line_per_metric() -> None:
    text = render_metrics(
        [("sent_total", Counter, ("a", "b"), "what was sent"), ("open_bytes", Gauge, (), "open")]
    )
    assert "| `tailrace_sent_total` | counter | `a`, `b` | what was sent |" in text
    assert "| `tailrace_open_bytes` | gauge |  | open |" in text


def test_every_metric_is_there() -> None:
    text = render_metrics(ROWS)
    assert [name for name, *_ in ROWS if f"`{metric_name(name)}`" not in text] == []
