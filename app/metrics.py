"""Every metric in one typed list: name, kind, labels and meaning.

A registry of our own, so that a test or a second application in one process starts from zero.
"""

from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


@dataclass(frozen=True)
class Metrics:
    """All metrics of one process; `/metrics` prints `registry`."""

    registry: CollectorRegistry = field(
        default_factory=lambda: CollectorRegistry(auto_describe=True)
    )

    def __post_init__(self) -> None:
        """Declare every metric on the registry."""
        declare = object.__setattr__
        for name, kind, labels, meaning in ROWS:
            declare(self, name, kind(f"tailrace_{name}", meaning, labels, registry=self.registry))

    produced_total: Counter = field(init=False)
    dropped_total: Counter = field(init=False)
    queued_records: Gauge = field(init=False)
    queued_bytes: Gauge = field(init=False)
    relayed_total: Counter = field(init=False)
    unrelayed_total: Counter = field(init=False)
    capture_failures_total: Counter = field(init=False)
    properties_dropped_total: Counter = field(init=False)
    capture_notes_total: Counter = field(init=False)
    stream_running: Gauge = field(init=False)
    stream_restarts: Gauge = field(init=False)
    metered_total: Counter = field(init=False)
    unpriced_total: Counter = field(init=False)
    dead_letters_total: Counter = field(init=False)
    metered_delay_seconds: Histogram = field(init=False)


ROWS: list[tuple[str, type[Counter] | type[Gauge] | type[Histogram], tuple[str, ...], str]] = [
    ("produced_total", Counter, ("topic",), "messages the broker acknowledged to the publisher"),
    ("dropped_total", Counter, ("reason",), "records or bodies given up, by reason"),
    ("queued_records", Gauge, (), "records waiting for the broker"),
    ("queued_bytes", Gauge, (), "bytes waiting for the broker"),
    ("relayed_total", Counter, ("upstream", "outcome"), "calls that gave a record"),
    ("unrelayed_total", Counter, ("reason",), "calls refused before any upstream was known"),
    ("capture_failures_total", Counter, ("stage",), "calls of which the copy was lost"),
    ("properties_dropped_total", Counter, (), "properties left out or cut short"),
    ("capture_notes_total", Counter, ("note",), "what of an exchange could not be read"),
    ("stream_running", Gauge, (), "1 while the stream side serves, else 0"),
    ("stream_restarts", Gauge, (), "how often the stream side was built anew in this process"),
    ("metered_total", Counter, ("verdict",), "records by what the meter made of them"),
    ("unpriced_total", Counter, ("reason",), "records counted without a cost, by reason"),
    ("dead_letters_total", Counter, ("stage", "reason"), "messages no agent could handle"),
    ("metered_delay_seconds", Histogram, (), "from the end of a response to its being counted"),
]
