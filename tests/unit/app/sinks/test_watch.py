import pytest

from app.metrics import Metrics
from app.sinks.contract import Done, Fatal, RetryAfter
from app.sinks.watch import SinkWatch


class Sink:
    """A sink's own word."""

    word = "ok"


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def watch(sink: Sink, metrics: Metrics) -> SinkWatch:
    return SinkWatch("s", lambda: sink.word, metrics)


def states(metrics: Metrics) -> dict[str, float]:
    return {
        sample.labels["state"]: sample.value
        for family in metrics.sink_state.collect()
        for sample in family.samples
    }


def test_a_sink_begins_with_its_own_word(watch: SinkWatch, metrics: Metrics) -> None:
    assert (watch.state, states(metrics)) == ("ok", {"ok": 1})


def test_a_sink_that_fails_although_it_is_well(watch: SinkWatch, metrics: Metrics) -> None:
    watch.attempted(5, 0)
    watch.waits(3, 1.0)
    assert watch.state == "failing"
    assert states(metrics) == {"ok": 0, "failing": 1}
    watch.attempted(5, 4)
    assert watch.state == "retrying"
    watch.waits(3, None)
    assert watch.state == "ok"
    assert states(metrics) == {"ok": 1, "failing": 0, "retrying": 0}


def test_the_sinks_own_word_wins(watch: SinkWatch, sink: Sink) -> None:
    watch.attempted(5, 0)
    watch.waits(3, 1.0)
    sink.word = "throttled"
    assert watch.state == "throttled"


def test_readiness_names_the_sink_and_shows_what_it_says_now(
    watch: SinkWatch, sink: Sink, metrics: Metrics
) -> None:
    part = watch.part()
    assert (part.name, part.state() in part.good) == ("sink s", True)
    sink.word = "down"
    assert part.state() not in part.good
    assert states(metrics) == {"ok": 0, "down": 1}


def test_partitions_that_wait_are_counted_once(watch: SinkWatch, metrics: Metrics) -> None:
    for partition, wait_s in ((1, 1.0), (1, 2.0), (2, 1.0), (1, None), (7, None)):
        watch.waits(partition, wait_s)
    assert metrics.registry.get_sample_value("tailrace_sink_waiting_partitions", {"sink": "s"}) == 1


def test_writes_are_counted_by_verdict(watch: SinkWatch, metrics: Metrics) -> None:
    watch.wrote([Done(), Done(), RetryAfter("busy"), Fatal("refused", "")], 0.2)
    value = metrics.registry.get_sample_value
    found = {
        word: value("tailrace_sink_writes_total", {"sink": "s", "verdict": word})
        for word in ("done", "retry", "fatal")
    }
    assert found == {"done": 2, "retry": 1, "fatal": 1}
    assert value("tailrace_sink_batch_records_sum", {"sink": "s"}) == 4
    assert value("tailrace_sink_write_seconds_sum", {"sink": "s"}) == 0.2
