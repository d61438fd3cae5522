"""The Grafana dashboard and the alert rules name metrics that there are, with labels they have."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from app.metrics import PREFIX, Metrics
from tests.support.processes import REPO

FOLDER = REPO / "config" / "monitoring"
METRIC = re.compile(r"tailrace_[a-z0-9_]+")
SELECTOR = re.compile(r"(tailrace_[a-z0-9_]+)\{([^}]*)\}")
TOPICS = ("lag", "age", "spill", "dead_letters", "dropped", "sink_state")


def exposed() -> dict[str, set[str]]:
    """Every series of `/metrics` with its labels."""
    found: dict[str, set[str]] = {}
    for row in Metrics.rows():
        name = PREFIX + row.attribute
        found[name] = set(row.labels)
        if row.kind.__name__ == "Histogram":
            found |= {f"{name}_{part}": {*row.labels, "le"} for part in ("bucket", "sum", "count")}
    return found


def dashboard() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((FOLDER / "grafana.json").read_text())
    return loaded


def alerts() -> list[dict[str, Any]]:
    loaded = yaml.safe_load((FOLDER / "alerts.yaml").read_text())
    return [rule for group in loaded["groups"] for rule in group["rules"]]


def expressions() -> Iterator[str]:
    for panel in dashboard()["panels"]:
        yield from (target["expr"] for target in panel.get("targets", ()))
    yield from (rule["expr"] for rule in alerts())


def test_each_metric_and_label_exists() -> None:
    known = exposed()
    for expression in expressions():
        for name in METRIC.findall(expression):
            assert name in known, (name, expression)
        for name, selector in SELECTOR.findall(expression):
            labels = set(re.findall(r"(\w+)\s*[!=]", selector))
            assert labels <= known[name], (name, selector)
        grouped = {
            label.strip()
            for group in re.findall(r"by \(([^)]*)\)", expression)
            for label in group.split(",")
        }
        has = set().union(*(known[name] for name in METRIC.findall(expression)))
        assert grouped <= has | {"instance"}, expression


@pytest.mark.parametrize("topic", TOPICS)
def test_what_matters_is_drawn_and_alarms(topic: str) -> None:
    drawn = json.dumps(dashboard())
    assert re.search(rf"tailrace_[a-z_]*{topic}", drawn)
    assert any(topic in rule["expr"] for rule in alerts())


def test_every_panel_has_its_place() -> None:
    panels = dashboard()["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [(p["gridPos"]["x"], p["gridPos"]["y"]) for p in panels]
    assert len(set(places)) == len(places)
    assert all(p["gridPos"]["x"] + p["gridPos"]["w"] <= 24 for p in panels)


def test_every_alert_says_what_it_is() -> None:
    rules = alerts()
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in {"warning", "critical"}
        assert rule["annotations"]["summary"]
