"""What a record adds to the metrics of calls, counted where no call waits for it."""

from typing import NamedTuple

from app.metrics import CALL_S, FAST_S, Metrics
from app.record.draft import Draft
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

    def observe(self, draft: Draft) -> None:
        """Count one record; milliseconds in it, seconds in the metrics."""
        fields = draft.fields
        provider = fields["provider"]
        upstream = self._upstreams.get(provider) or self._new(provider)
        status_class = fields.get("status", 0) // 100
        tally = upstream.responses.get(status_class)
        if tally is None:
            name = f"{status_class}xx" if status_class else "none"
            counter = self._metrics.responses_total.labels(provider, name)
            tally = upstream.responses[status_class] = self._metrics.tallies.counter(counter)
        tally.number += 1
        timings_ms = fields["timings_ms"]
        upstream.call.observe(timings_ms["total"] / 1000)
        if (headers_ms := timings_ms.get("upstream_headers")) is not None:
            upstream.headers.observe(headers_ms / 1000)
        if (overhead_ms := timings_ms.get("proxy_overhead")) is not None:
            upstream.overhead.observe(overhead_ms / 1000)

    def _new(self, name: str) -> _Upstream:
        metrics, histogram = self._metrics, self._metrics.tallies.histogram
        made = self._upstreams[name] = _Upstream(
            {},
            histogram(metrics.call_seconds.labels(name), CALL_S),
            histogram(metrics.upstream_headers_seconds.labels(name), CALL_S),
            histogram(metrics.proxy_overhead_seconds.labels(name), FAST_S),
        )
        return made
