"""What a record adds to the metrics of calls, counted where no call waits for it."""

from typing import NamedTuple

from app.metrics import CALL_S, FAST_S, Metrics
from app.record.model import Record
from app.tally import HistogramTally, Tally


class _Upstream(NamedTuple):
    """The tallies of one upstream."""

    responses: dict[int, Tally]
    call: HistogramTally
    headers: HistogramTally
    overhead: HistogramTally


class CallMetrics:
    """Counts records; an upstream's name is one of the configured ones, so these are few."""

    def __init__(self, metrics: Metrics) -> None:
        """Nothing is shown of an upstream before its first record."""
        self._metrics = metrics
        self._upstreams: dict[str, _Upstream] = {}

    def observe(self, record: Record) -> None:
        """Count one record; milliseconds in it, seconds in the metrics."""
        upstream = self._upstreams.get(record.provider) or self._new(record.provider)
        status_class = 0 if record.status is None else record.status // 100
        tally = upstream.responses.get(status_class)
        if tally is None:
            name = f"{status_class}xx" if status_class else "none"
            counter = self._metrics.responses_total.labels(record.provider, name)
            tally = upstream.responses[status_class] = self._metrics.tallies.counter(counter)
        tally.number += 1
        timings = record.timings_ms
        upstream.call.observe(timings.total / 1000)
        if timings.upstream_headers is not None:
            upstream.headers.observe(timings.upstream_headers / 1000)
        if timings.proxy_overhead is not None:
            upstream.overhead.observe(timings.proxy_overhead / 1000)

    def _new(self, name: str) -> _Upstream:
        metrics, histogram = self._metrics, self._metrics.tallies.histogram
        made = self._upstreams[name] = _Upstream(
            {},
            histogram(metrics.call_seconds.labels(name), CALL_S),
            histogram(metrics.upstream_headers_seconds.labels(name), CALL_S),
            histogram(metrics.proxy_overhead_seconds.labels(name), FAST_S),
        )
        return made
