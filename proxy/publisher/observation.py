"""What a record adds to the metrics of calls, counted where no call waits for it."""

from typing import NamedTuple

from prometheus_client import Counter, Histogram

from app.metrics import Metrics
from app.record.model import Record


class _Upstream(NamedTuple):
    """The collectors of one upstream."""

    responses: dict[str, Counter]
    call: Histogram
    headers: Histogram
    overhead: Histogram


class CallMetrics:
    """Counts records; an upstream's name is one of the configured ones, so these are few."""

    def __init__(self, metrics: Metrics) -> None:
        """Nothing is shown of an upstream before its first record."""
        self._metrics = metrics
        self._upstreams: dict[str, _Upstream] = {}

    def observe(self, record: Record) -> None:
        """Count one record; milliseconds in it, seconds in the metrics."""
        upstream = self._upstreams.get(record.provider) or self._new(record.provider)
        status_class = "none" if record.status is None else f"{record.status // 100}xx"
        counter = upstream.responses.get(status_class)
        if counter is None:
            counter = self._metrics.responses_total.labels(record.provider, status_class)
            upstream.responses[status_class] = counter
        counter.inc()
        timings = record.timings_ms
        upstream.call.observe(timings.total / 1000)
        if timings.upstream_headers is not None:
            upstream.headers.observe(timings.upstream_headers / 1000)
        if timings.proxy_overhead is not None:
            upstream.overhead.observe(timings.proxy_overhead / 1000)

    def _new(self, name: str) -> _Upstream:
        metrics = self._metrics
        made = _Upstream(
            {},
            metrics.call_seconds.labels(name),
            metrics.upstream_headers_seconds.labels(name),
            metrics.proxy_overhead_seconds.labels(name),
        )
        self._upstreams[name] = made
        return made
