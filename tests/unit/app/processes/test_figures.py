"""One text of several: Prometheus' own parser reads it, nothing is mixed up."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from app.processes.figures import labelled, merged


def text_of(count: int, label: str = "a") -> str:
    """Three families as a process prints them."""
    registry = CollectorRegistry()
    Gauge("plain", "without labels", registry=registry).set(count)
    Counter("calls_total", "with a label", ["way"], registry=registry).labels(label).inc(count)
    Histogram("seconds", "a histogram", registry=registry, buckets=(1.0,)).observe(count)
    return generate_latest(registry).decode()


def samples(text: str) -> dict[tuple[str, ...], float]:
    """Every sample by its name and labels; fails on a family that comes twice."""
    families = list(text_string_to_metric_families(text))
    names = [family.name for family in families]
    assert len(names) == len(set(names))
    return {
        (sample.name, *(f"{k}={v}" for k, v in sorted(sample.labels.items()))): sample.value
        for family in families
        for sample in family.samples
    }


def test_each_process_has_its_own_samples() -> None:
    found = samples(merged({0: text_of(1), 1: text_of(2)}))
    assert found["plain", "process=0"] == 1
    assert found["plain", "process=1"] == 2
    assert found["calls_total", "process=1", "way=a"] == 2
    assert found["seconds_bucket", "le=1.0", "process=0"] == 1
    assert found["tailrace_process_up", "process=1"] == 1


def test_one_that_did_not_answer_is_named() -> None:
    found = samples(merged({0: text_of(1), 1: None}))
    assert found["tailrace_process_up", "process=0"] == 1
    assert found["tailrace_process_up", "process=1"] == 0
    assert ("plain", "process=1") not in found


@given(st.text())
def test_labels_of_any_text_stay_as_they_are(label: str) -> None:
    found = samples(merged({3: text_of(1, label)}))
    alone = samples(text_of(1, label))
    assert len(found) == len(alone) + 1
    assert {tuple(p for p in key if p != "process=3") for key in alone} == {
        tuple(p for p in key if p != "process=3") for key in found if "process_up" not in key[0]
    }


def test_a_sample_gets_its_label() -> None:
    assert labelled("a 1", 2) == 'a{process="2"} 1'
    assert labelled('a{b="{ }"} 1', 2) == 'a{process="2",b="{ }"} 1'
    assert labelled("a{} 1", 2) == 'a{process="2"} 1'
