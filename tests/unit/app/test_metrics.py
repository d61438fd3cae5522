"""The list of metrics: names that say their unit, and collectors that are the instance's own."""

import pytest
from prometheus_client import Counter, Gauge, generate_latest

from app.metrics import Metrics, Row
from app.tally import Histogram

ROWS = list(Metrics.rows())


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_names_follow_the_kind(row: Row[Counter]) -> None:
    """Counters end in `_total` and nothing else does; histograms are of times or of sizes."""
    assert row.name.startswith("tailrace_")
    assert row.name.endswith("_total") == (row.kind is Counter)
    assert row.name.endswith("_seconds") <= (row.kind is Histogram)
    assert row.kind is not Histogram or row.name.endswith(("_seconds", "_records", "_bytes"))
    assert row.meaning
    assert row.meaning[-1] != "."


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_an_instance_holds_its_collectors(row: Row[Gauge]) -> None:
    """Under the row's name, of the row's kind."""
    assert isinstance(getattr(Metrics(), row.attribute), row.kind)


def test_two_instances_share_nothing() -> None:
    """What one counts the other does not see."""
    first, second = Metrics(), Metrics()
    first.relayed_total.labels("openai", "completed").inc()
    labels = {"upstream": "openai", "outcome": "completed"}
    assert first.registry.get_sample_value("tailrace_relayed_total", labels) == 1
    assert second.registry.get_sample_value("tailrace_relayed_total", labels) is None


def test_a_metric_with_labels_shows_nothing_before_its_first_use() -> None:
    """No zero is printed for what nobody measured."""
    text = generate_latest(Metrics().registry).decode()
    assert "tailrace_metered_total{" not in text
    assert "# TYPE tailrace_metered_total counter" in text
