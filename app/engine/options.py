"""What one incarnation of the stream side is built from, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from app.engine.security import BrokerSecurity, broker_security
from config.settings import Settings

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """Everything the engine needs to know; sizes in bytes, times in seconds."""

    app_id: str
    brokers: tuple[str, ...]
    partitions: int
    data_dir: Path
    epoch: str = "0"
    idempotent: bool = True
    create_topics: bool = False
    replication_factor: int = 1
    canonical_url: str = "http://127.0.0.1:6066"
    static_membership: bool = False
    security: BrokerSecurity = field(default_factory=BrokerSecurity)
    compression: Literal["none", "zstd"] = "none"
    standby_replicas: int = 0
    recovery_delay_s: float = 0.0
    commit_interval_s: float = 1.0
    flush_timeout_s: float = 30.0
    drain_timeout_s: float = 25.0
    sink_grace_s: float = 5.0
    sink_hold_s: float = 5.0
    sink_backoff_first_s: float = 0.2
    sink_backoff_max_s: float = 30.0
    session_timeout_s: float = 30.0
    rebalance_timeout_s: float = 60.0
    request_timeout_s: float = 40.0
    heartbeat_interval_s: float = 3.0
    linger_s: float = 0.01
    batch_bytes: int = 256 << 10
    max_request_bytes: int = 16 * MIB
    max_outstanding_records: int = 4000
    max_outstanding_bytes: int = 16 * MIB
    buffer_bytes: int = 32 * MIB
    buffer_records: int = 2000
    poll_records: int = 500

    @property
    def fetch_bytes(self) -> int:
        """Bytes asked for per partition and fetch: half a topic's buffer over its partitions."""
        return max(64 << 10, min(MIB, self.buffer_bytes // (2 * self.partitions)))

    @property
    def producer_settings(self) -> Mapping[str, Any]:
        """What aiokafka's producer gets beyond Faust's own settings."""
        return {"acks": "all", "enable_idempotence": True} if self.idempotent else {"acks": "all"}


def engine_options(
    settings: Settings, *, brokers: tuple[str, ...], epoch: str, app_id: str = "tailrace"
) -> EngineOptions:
    """The options that the settings mean, for the given brokers and life of the topics."""
    kafka, engine = settings.kafka, settings.engine
    return EngineOptions(
        app_id=app_id,
        brokers=brokers,
        partitions=settings.partitions,
        data_dir=settings.data_dir / "tables" / settings.instance,
        epoch=epoch,
        idempotent=kafka.idempotent and not settings.embedded_broker,
        replication_factor=kafka.replication_factor,
        canonical_url=settings.own_url,
        security=broker_security(kafka),
        compression=kafka.compression,
        static_membership=engine.static_membership and not settings.embedded_broker,
        standby_replicas=engine.standby_replicas,
        recovery_delay_s=engine.recovery_delay_s,
        commit_interval_s=engine.commit_interval_s,
        flush_timeout_s=engine.flush_timeout_s,
        drain_timeout_s=engine.drain_timeout_s,
        session_timeout_s=kafka.session_timeout_s,
        rebalance_timeout_s=kafka.rebalance_timeout_s,
        request_timeout_s=max(40.0, kafka.session_timeout_s + 10),
        heartbeat_interval_s=min(3.0, kafka.session_timeout_s / 3),
        buffer_bytes=engine.buffer_bytes,
    )
