"""Every metric of a process in one typed list: name, kind, meaning, labels.

A new one is a line in `Metrics`: the attribute's name is the metric's, `tailrace_` apart. Counters
end in `_total`, times in `_seconds`, sizes in `_bytes`; everything else is a plain count. A metric
with labels shows nothing before its first use, so that what is not measured is never printed as 0.

The registry belongs to the instance, which is injected: a test or a second application in one
process starts from zero.
"""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar, overload

from prometheus_client import CollectorRegistry, Counter, Gauge

from app.tally import Histogram, Tallies

PREFIX = "tailrace_"
FAST_S = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0)
CALL_S = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)
COUNT = (1.0, 2.0, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2500.0)
DELAY_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0, 600.0, 3600.0)

Kind = TypeVar("Kind", bound=Counter | Gauge | Histogram)


class Row(Generic[Kind]):
    """One metric. On an instance of `Metrics` its attribute is the collector itself."""

    def __init__(
        self, kind: type[Kind], meaning: str, *labels: str, buckets: tuple[float, ...] = ()
    ) -> None:
        self.kind = kind
        self.meaning = meaning
        self.labels = labels
        self.buckets = buckets
        self.attribute = ""

    def __set_name__(self, owner: type, name: str) -> None:
        self.attribute = name

    @overload
    def __get__(self, instance: None, owner: type) -> "Row[Kind]": ...

    @overload
    def __get__(self, instance: object, owner: type) -> Kind: ...

    def __get__(self, instance: object | None, owner: type) -> "Row[Kind] | Kind":
        """The row, on the class; an instance holds its collector under the same name."""
        return self

    @property
    def name(self) -> str:
        """The name as `/metrics` prints it."""
        return PREFIX + self.attribute

    def collector(self, registry: CollectorRegistry) -> Kind:
        """A fresh collector on a registry."""
        extra: dict[str, Any] = {"buckets": self.buckets} if self.buckets else {}
        return self.kind(self.name, self.meaning, self.labels, registry=registry, **extra)


class Metrics:
    """All metrics of one process; `/metrics` prints `registry`."""

    # relay
    relayed_total = Row(Counter, "calls that gave a record", "upstream", "outcome")
    unrelayed_total = Row(Counter, "calls refused before any upstream was known", "reason")
    responses_total = Row(
        Counter, "calls by the upstream's status: 2xx to 5xx, none", "upstream", "status_class"
    )
    call_seconds = Row(
        Histogram, "from a request's first byte to its response's last", "upstream", buckets=CALL_S
    )
    upstream_headers_seconds = Row(
        Histogram,
        "from a request's first byte to its response's headers",
        "upstream",
        buckets=CALL_S,
    )
    proxy_overhead_seconds = Row(
        Histogram, "what the relay itself added to a call", "upstream", buckets=FAST_S
    )

    # capture
    capture_failures_total = Row(Counter, "calls of which the copy was lost", "stage")
    capture_notes_total = Row(Counter, "what of an exchange could not be read", "note")
    properties_dropped_total = Row(Counter, "properties left out or cut short")

    # publisher
    sampled_out_total = Row(Counter, "exchanges left out by sampling")
    offered_total = Row(Counter, "records given to the publisher")
    produced_total = Row(Counter, "messages acknowledged to the publisher", "topic")
    dropped_total = Row(Counter, "records and bodies given up by the publisher", "reason")
    queued_records = Row(Gauge, "records waiting to be published, those being sent included")
    queued_bytes = Row(Gauge, "bytes waiting to be published, those being sent included")
    in_flight_records = Row(Gauge, "records being sent")
    publisher_state = Row(Gauge, "1 for the state the publisher is in, else 0", "state")
    delivery_seconds = Row(
        Histogram, "how long it took to send a batch, whatever came of it", buckets=DELAY_S
    )

    published_total = Row(
        Counter, "messages by the way that took them: kafka, fallback, spill, replay", "way"
    )
    spill_messages = Row(Gauge, "messages on the local disk that wait for replay")
    spill_bytes = Row(Gauge, "bytes that the spill takes on the local disk")
    spill_age_s = Row(Gauge, "age of the oldest segment of the spill, in seconds")
    spill_state = Row(Gauge, "1 for the state the spill's disk is in, else 0", "state")

    # ingest
    ingested_total = Row(Counter, "lines of /api/v1/log by what became of them", "result")

    # stream side
    stream_running = Row(Gauge, "1 while the stream side serves, else 0")
    stream_restarts = Row(Gauge, "how often the stream side was built anew in this process")

    stream_lag_records = Row(
        Gauge, "messages of a topic that this process has not handled yet; NaN: unknown", "topic"
    )
    stream_age_s = Row(
        Gauge,
        "age of the oldest message not handled yet, else of the last one when it was; NaN: unknown",
        "topic",
    )

    # meter
    metered_total = Row(Counter, "records by what the meter made of them", "verdict")
    unpriced_total = Row(Counter, "records counted without a cost", "reason")
    dead_letters_total = Row(Counter, "messages no agent could handle", "stage", "reason")
    dead_letters_stopped = Row(
        Gauge, "1 where a stage stopped because too many messages would be dead letters", "stage"
    )
    metered_delay_seconds = Row(
        Histogram, "from the end of a response to its being counted", buckets=DELAY_S
    )

    # sinks
    sink_state = Row(Gauge, "1 for the state a sink is in, else 0", "sink", "state")
    sink_writes_total = Row(
        Counter, "items by what a sink made of them: done, retry, fatal", "sink", "verdict"
    )
    sink_failures_total = Row(Counter, "writes of a sink that raised, against its contract", "sink")
    sink_batch_records = Row(Histogram, "items of a batch", "sink", buckets=COUNT)
    sink_write_seconds = Row(Histogram, "how long a sink took for a batch", "sink", buckets=DELAY_S)
    sink_waiting_partitions = Row(
        Gauge, "partitions that wait before a sink is tried again", "sink"
    )

    # archive
    archive_objects_total = Row(Counter, "objects of bodies put into the store")
    archive_bytes_total = Row(Counter, "bytes of these objects")
    archive_exchanges_total = Row(Counter, "exchanges in these objects; again after a replay")
    direct_bodies_total = Row(
        Counter,
        "large bodies sent to the store while they passed: kept, too_large, dropped",
        "state",
    )
    direct_buffer_bytes = Row(Gauge, "bytes of such bodies that wait for the store")

    # webhooks
    webhook_deliveries_total = Row(
        Counter,
        "deliveries by what became of them: delivered, failed, deferred, repeated, dropped, gone,"
        " exhausted, sealed",
        "result",
    )
    webhook_attempt_seconds = Row(
        Histogram, "how long an endpoint took for an attempt", buckets=CALL_S
    )
    webhook_first_attempt_seconds = Row(
        Histogram, "from the end of a response to that of the first attempt", buckets=DELAY_S
    )
    webhook_retried_total = Row(Counter, "deliveries brought back from a retry topic", "tier")
    webhook_unmatched_total = Row(
        Counter, "exchanges of which an endpoint was not told, by a fault of ours"
    )
    webhook_log_lost_total = Row(Counter, "attempts that are missing in the log")
    webhook_endpoints = Row(Gauge, "endpoints of all tenants, those disabled included")
    webhook_open_breakers = Row(Gauge, "endpoints that are left alone for a while")

    # tables

    # process
    loop_lag_seconds = Row(
        Histogram, "how late the event loop woke a task that was due", buckets=FAST_S
    )

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        """Every metric at zero, on a registry of its own unless one is given."""
        self.registry = registry or CollectorRegistry(auto_describe=True)
        self.tallies = Tallies(self.registry)
        for row in self.rows():
            vars(self)[row.attribute] = row.collector(self.registry)

    @classmethod
    def rows(cls) -> "Iterator[Row[Any]]":
        """The list, in its order."""
        return (row for row in vars(cls).values() if isinstance(row, Row))


ROWS: list[tuple[str, type[Any], tuple[str, ...], str]] = [
    (row.attribute, row.kind, row.labels, row.meaning) for row in Metrics.rows()
]
