"""How a process stands, from its metrics: what is not known is null."""

import math

from app.dashboard.standing import standing
from app.metrics import Metrics


def test_of_a_process_that_has_done_nothing() -> None:
    found = standing(Metrics())
    assert found["topics"] == {}
    assert found["sinks"] == {}
    assert found["dead_letters"] == []
    assert found["publisher"]["state"] is None
    assert found["spill"] == {"state": None, "messages": 0.0, "bytes": 0.0, "age_s": 0.0}


def test_lag_and_age_by_topic_unknown_ones_as_null() -> None:
    metrics = Metrics()
    metrics.stream_lag_records.labels(topic="facts").set(math.nan)
    metrics.stream_age_s.labels(topic="facts").set(math.nan)
    metrics.stream_lag_records.labels(topic="bodies").set(7)
    metrics.stream_age_s.labels(topic="bodies").set(1.5)
    assert standing(metrics)["topics"] == {
        "bodies": {"lag_records": 7.0, "age_s": 1.5},
        "facts": {"lag_records": None, "age_s": None},
    }


def test_sinks_with_their_state_and_writes() -> None:
    metrics = Metrics()
    metrics.sink_state.labels(sink="archive", state="ok").set(0)
    metrics.sink_state.labels(sink="archive", state="down").set(1)
    metrics.sink_waiting_partitions.labels(sink="archive").set(2)
    metrics.sink_writes_total.labels(sink="archive", verdict="done").inc(5)
    assert standing(metrics)["sinks"] == {
        "archive": {"state": "down", "waiting_partitions": 2.0, "writes": {"done": 5.0}}
    }


def test_the_publisher_what_it_dropped_and_what_was_buried() -> None:
    metrics = Metrics()
    metrics.publisher_state.labels("direct").set(0)
    metrics.publisher_state.labels("replaying").set(1)
    metrics.published_total.labels("kafka").inc(3)
    metrics.dropped_total.labels("queue_full").inc()
    metrics.dead_letters_total.labels("meter", "undecodable").inc(2)
    metrics.dead_letters_stopped.labels("meter").set(1)
    metrics.dead_letters_stopped.labels("archive").set(0)
    found = standing(metrics)
    assert found["publisher"]["state"] == "replaying"
    assert found["publisher"]["ways"] == {"kafka": 3.0}
    assert found["publisher"]["dropped"] == {"queue_full": 1.0}
    letters = [{"stage": "meter", "reason": "undecodable", "count": 2.0}]
    assert found["dead_letters"] == letters
    assert found["stopped_stages"] == ["meter"]
