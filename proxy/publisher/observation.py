"""What a record adds to the metrics of calls, counted where no call waits for it."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from app.metrics import CALL_S, FAST_S, Metrics
from app.record.draft import Draft
from app.tally import HistogramTally, Tally

TOGETHER: Final = 64


class _Upstream(NamedTuple):
    """The tallies of one upstream."""

    responses: dict[int, Tally]
    call: HistogramTally
    headers: HistogramTally
    overhead: HistogramTally


class CallMetrics:
    """Counts records; an upstream's name is one of the configured ones, so these are few.

    Some are counted at a time, which costs a third of one by one; all, before a metric is read.
    """

    def __init__(self, metrics: Metrics) -> None:
        """Nothing is shown of an upstream before its first record."""
        self._metrics = metrics
        self._upstreams: dict[str, _Upstream] = {}
        self._waiting: list[tuple[str, int, Mapping[str, float]]] = []
        metrics.tallies.add(self)

    def observe(self, draft: Draft) -> None:
        """Count one record; milliseconds in it, seconds in the metrics."""
        fields = draft.fields
        self._waiting.append((fields["provider"], fields.get("status", 0), fields["timings_ms"]))
        if len(self._waiting) >= TOGETHER:
            self.settle()

    def settle(self) -> None:
        """Count those that wait."""
        waiting, self._waiting = self._waiting, []
        for provider, status, timings_ms in waiting:
            self._count(provider, status // 100, timings_ms)

    def _count(self, provider: str, status_class: int, timings_ms: Mapping[str, float]) -> None:
        upstream = self._upstreams.get(provider) or self._new(provider)
        tally = upstream.responses.get(status_class)
        if tally is None:
            name = f"{status_class}xx" if status_class else "none"
            counter = self._metrics.responses_total.labels(provider, name)
            tally = upstream.responses[status_class] = self._metrics.tallies.counter(counter)
        tally.number += 1
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
