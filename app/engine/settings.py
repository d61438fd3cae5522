"""Faust's settings for one incarnation of the stream side."""

from typing import Any

from yarl import URL

from app.engine.options import EngineOptions
from app.engine.queues import BoundedQueue
from app.engine.tables import TableManager
from app.engine.topic import RawTopic

# a thread of its own polls; partitions that a sink holds for hours must not be taken away for it
MAX_POLL_INTERVAL_S = 7 * 86_400.0


def faust_settings(options: EngineOptions) -> dict[str, Any]:
    """Keyword arguments of `faust.App`; everything not named is Faust's default."""
    return {
        "broker": [URL(f"kafka://{server}") for server in options.brokers],
        "broker_credentials": options.security.faust_credentials(),
        "datadir": str(options.data_dir),
        "canonical_url": options.canonical_url,
        "store": "rocksdb://",
        "web_enabled": False,
        "autodiscover": False,
        # Or variables such as NODE_CANONICAL_URL and BROKER_URL would win over all of this.
        "env": {},
        "Topic": RawTopic,
        "TableManager": TableManager,
        **_serialization(),
        **_topics(options),
        **_consumer(options),
        **_producer(options),
    }


def _serialization() -> dict[str, Any]:
    return {"key_serializer": "raw", "value_serializer": "raw"}


def _topics(options: EngineOptions) -> dict[str, Any]:
    return {
        "topic_partitions": options.partitions,
        "topic_replication_factor": options.replication_factor,
        "topic_allow_declare": options.create_topics,
        "topic_disable_leader": True,
        "table_standby_replicas": options.standby_replicas,
        "reply_create_topic": False,
    }


def _consumer(options: EngineOptions) -> dict[str, Any]:
    return {
        "broker_session_timeout": options.session_timeout_s,
        "broker_rebalance_timeout": options.rebalance_timeout_s,
        "broker_request_timeout": options.request_timeout_s,
        "broker_heartbeat_interval": options.heartbeat_interval_s,
        "broker_commit_interval": options.commit_interval_s,
        "broker_max_poll_interval": MAX_POLL_INTERVAL_S,
        "broker_max_poll_records": options.poll_records,
        "consumer_max_fetch_size": options.fetch_bytes,
        "stream_buffer_maxsize": options.buffer_records,
        "stream_wait_empty": True,
        "stream_recovery_delay": options.recovery_delay_s,
        "recovery_consistency_check": False,
    }


def _producer(options: EngineOptions) -> dict[str, Any]:
    return {
        "producer_acks": -1,
        "producer_linger": options.linger_s,
        "producer_max_batch_size": options.batch_bytes,
        "producer_max_request_size": options.max_request_bytes,
        "producer_request_timeout": options.request_timeout_s,
        "producer_compression_type": None if options.compression == "none" else options.compression,
    }


def bounded_queue(options: EngineOptions, flow_control: Any, on_room: Any) -> BoundedQueue:
    """The buffer of one stream, or of the recovery."""
    return BoundedQueue(
        max_records=options.buffer_records,
        max_bytes=options.buffer_bytes,
        on_room=on_room,
        flow_control=flow_control,
        clear_on_resume=True,
    )
