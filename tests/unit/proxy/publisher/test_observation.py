"""What records add to the metrics of calls."""

from app.metrics import Metrics
from app.record.draft import drafted
from app.record.model import Timings
from proxy.publisher.observation import TOGETHER, CallMetrics
from tests.support.records import record


def test_status_classes_and_times_by_upstream() -> None:
    """Milliseconds become seconds; what a record does not have is not observed."""
    metrics = Metrics()
    calls = CallMetrics(metrics)
    times = Timings(total=1500, upstream_headers=250, proxy_overhead=0.5)
    for status in (200, 204, 529):
        calls.observe(drafted(record(provider="a", status=status, timings_ms=times)))
    calls.observe(drafted(record(provider="b", status=None, timings_ms=Timings(total=10))))

    def value(name: str, **labels: str) -> float | None:
        return metrics.registry.get_sample_value(f"tailrace_{name}", labels)

    assert value("responses_total", upstream="a", status_class="2xx") == 2
    assert value("responses_total", upstream="a", status_class="5xx") == 1
    assert value("responses_total", upstream="b", status_class="none") == 1
    assert value("call_seconds_sum", upstream="a") == 4.5
    assert value("upstream_headers_seconds_sum", upstream="a") == 0.75
    assert value("proxy_overhead_seconds_sum", upstream="a") == 0.0015
    assert value("call_seconds_count", upstream="b") == 1
    assert value("proxy_overhead_seconds_count", upstream="b") == 0


def test_many_are_counted_whenever_they_are_asked_for() -> None:
    metrics = Metrics()
    calls = CallMetrics(metrics)
    seen = drafted(record(provider="a", status=200))
    for number in range(1, 3 * TOGETHER):
        calls.observe(seen)
        if number % 50 == 0:
            labels = {"upstream": "a", "status_class": "2xx"}
            found = metrics.registry.get_sample_value("tailrace_responses_total", labels)
            assert found == number
