"""How one process stands, from its own gauges and counters: what the pipeline's page shows of it.

Counters are since the start of the process. What nobody knows is null, never 0.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from prometheus_client import Counter, Gauge

from app.metrics import Metrics

Labels = Mapping[str, str]


def standing(metrics: Metrics) -> dict[str, Any]:
    """Lag and age by topic, sinks, the publisher, its spill, what was dropped or buried."""
    ages = dict(_by(metrics.stream_age_s, "topic"))
    lags = dict(_by(metrics.stream_lag_records, "topic"))
    return {
        "topics": {
            topic: {"lag_records": lag, "age_s": ages.get(topic)}
            for topic, lag in sorted(lags.items())
        },
        "sinks": _sinks(metrics),
        "publisher": {
            "state": _state(metrics.publisher_state),
            "queued_records": _one(metrics.queued_records),
            "queued_bytes": _one(metrics.queued_bytes),
            "in_flight_records": _one(metrics.in_flight_records),
            "ways": dict(_by(metrics.published_total, "way")),
            "dropped": dict(_by(metrics.dropped_total, "reason")),
        },
        "spill": {
            "state": _state(metrics.spill_state),
            "messages": _one(metrics.spill_messages),
            "bytes": _one(metrics.spill_bytes),
            "age_s": _one(metrics.spill_age_s),
        },
        "dead_letters": [
            {**labels, "count": count} for labels, count in _values(metrics.dead_letters_total)
        ],
        "stopped_stages": [stage for stage, on in _by(metrics.dead_letters_stopped, "stage") if on],
        "stream_restarts": _one(metrics.stream_restarts),
    }


def _sinks(metrics: Metrics) -> dict[str, dict[str, Any]]:
    states = {labels["sink"]: labels["state"] for labels, on in _values(metrics.sink_state) if on}
    waiting = dict(_by(metrics.sink_waiting_partitions, "sink"))
    writes: dict[str, dict[str, float | None]] = defaultdict(dict)
    for labels, count in _values(metrics.sink_writes_total):
        writes[labels["sink"]][labels["verdict"]] = count
    return {
        name: {
            "state": states.get(name),
            "waiting_partitions": waiting.get(name),
            "writes": writes.get(name, {}),
        }
        for name in sorted({*states, *waiting})
    }


def _state(metric: Gauge) -> str | None:
    """The state whose gauge is 1; None while there is none."""
    return next((state for state, on in _by(metric, "state") if on), None)


def _by(metric: Gauge | Counter, label: str) -> Iterator[tuple[str, float | None]]:
    return ((labels[label], value) for labels, value in _values(metric))


def _one(metric: Gauge | Counter) -> float | None:
    """The value of a metric without labels."""
    return next((value for _, value in _values(metric)), None)


def _values(metric: Gauge | Counter) -> Sequence[tuple[Labels, float | None]]:
    """Labels and value of each sample; the times at which counters began are none."""
    samples = [sample for family in metric.collect() for sample in family.samples]
    return [
        (sample.labels, None if math.isnan(sample.value) else sample.value)
        for sample in samples
        if not sample.name.endswith("_created")
    ]
