"""Names and configurations of all topics; the prefix comes from the settings.

The limits of message sizes follow from the codecs: a record is at most 64 KiB, bodies up to 8 MiB
compressed, and a dead letter holds a raw value of up to 11 MiB in base64.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

DAY_MS = 86_400_000
RETRY_TIERS = ("5s", "5m", "30m", "2h", "5h", "10h")
RETRY_PARTITIONS = 4
"""Of each retry topic: what lies there only waits, so a few serve any number of endpoints."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic as it should be on the broker; `partitions` None means the configured count.

    `configs` are Kafka's own names and values; what is not named is the broker's default.
    """

    name: str
    partitions: int | None = None
    configs: dict[str, str] = field(default_factory=dict)


def retention_s(configs: Mapping[str, str]) -> float | None:
    """How long messages are kept by a topic's configuration; None: for ever, or it does not say."""
    kept_ms = int(configs.get("retention.ms") or -1)
    return None if kept_ms < 0 else kept_ms / 1000


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one deployment, by what they carry."""

    prefix: str = "tailrace"

    @property
    def exchanges(self) -> str:
        """Records, keyed by `tenant|user`."""
        return f"{self.prefix}.exchanges"

    @property
    def bodies(self) -> str:
        """Request and response bytes, keyed by request id; short retention."""
        return f"{self.prefix}.bodies"

    @property
    def facts(self) -> str:
        """Priced, deduplicated rows, keyed by request id."""
        return f"{self.prefix}.facts"

    @property
    def archived(self) -> str:
        """Where each exchange's bodies lie in the object store, keyed by request id."""
        return f"{self.prefix}.archived"

    @property
    def dead_letters(self) -> str:
        """What no agent could handle, with reason and origin; keyed as the message was."""
        return f"{self.prefix}.dead-letters"

    @property
    def dead_letters_replayed(self) -> str:
        """Places of dead letters that were sent again; one partition."""
        return f"{self.prefix}.dead-letters.replayed"

    @property
    def counts(self) -> str:
        """What each producer says of a tenant's minute, keyed by all three; the last one counts."""
        return f"{self.prefix}.counts"

    @property
    def control(self) -> str:
        """What every process must know, keyed `kind/key`; one compacted partition."""
        return f"{self.prefix}.control"

    @property
    def deliveries(self) -> str:
        """Webhooks to be sent, keyed by endpoint."""
        return f"{self.prefix}.deliveries"

    @property
    def delivery_retries(self) -> tuple[str, ...]:
        """Webhooks that wait for their next attempt, by tier of the schedule; keyed by endpoint."""
        return tuple(f"{self.deliveries}.retry-{tier}" for tier in RETRY_TIERS)

    def specs(self) -> list[TopicSpec]:
        """Every topic that the proxy and the agents use, tables' changelogs apart."""
        week, bodies = str(7 * DAY_MS), str(DAY_MS)
        return [
            TopicSpec(
                self.exchanges,
                configs={"retention.ms": week, "message.timestamp.type": "LogAppendTime"},
            ),
            TopicSpec(
                self.bodies, configs={"retention.ms": bodies, "max.message.bytes": str(8 << 20)}
            ),
            TopicSpec(self.facts, configs={"retention.ms": week}),
            TopicSpec(self.archived, configs={"retention.ms": week}),
            TopicSpec(
                self.dead_letters,
                configs={"retention.ms": str(14 * DAY_MS), "max.message.bytes": str(16 << 20)},
            ),
            TopicSpec(
                self.counts,
                1,
                {"cleanup.policy": "compact,delete", "retention.ms": str(14 * DAY_MS)},
            ),
            TopicSpec(self.dead_letters_replayed, 1, configs={"retention.ms": str(14 * DAY_MS)}),
            TopicSpec(self.control, 1, {"cleanup.policy": "compact", "segment.ms": str(DAY_MS)}),
            TopicSpec(self.deliveries, configs={"retention.ms": week}),
            *(
                TopicSpec(retries, RETRY_PARTITIONS, {"retention.ms": week})
                for retries in self.delivery_retries
            ),
        ]
