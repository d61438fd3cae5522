"""Channels and records fed by hand to an app without a broker."""

from types import SimpleNamespace
from typing import Any

import faust
from faust.types import TP

from app.engine.app import StreamApp
from tests.support.kafkaless import TOPIC

SOURCE, OTHER = TP(TOPIC, 0), TP("other", 0)


def record(tp: TP, offset: int, value: bytes = b"v") -> Any:
    """A record as the Kafka client gives it."""
    return SimpleNamespace(
        topic=tp.topic,
        partition=tp.partition,
        offset=offset,
        timestamp=1_700_000_000_000,
        timestamp_type=0,
        headers=(),
        key=b"k",
        value=value,
        checksum=None,
        serialized_key_size=1,
        serialized_value_size=len(value),
    )


async def subscribe(app: Any, *tps: TP) -> dict[TP, Any]:
    """A channel per topic, assigned; the app delivers to them."""
    channels = {}
    for tp in tps:
        topic = app.source(tp.topic) if isinstance(app, StreamApp) else raw_topic(app, tp.topic)
        channels[tp] = topic.clone(is_iterator=True)
        app.topics.add(channels[tp])
    await app.topics._update_indices()
    await app.topics.on_partitions_assigned(set(tps))
    app.consumer._set_active_tps(set(tps))
    app.flow_control.resume()
    app.consumer.resume_flow()
    return channels


def raw_topic(app: faust.App, name: str) -> Any:
    """A topic of raw bytes of a stock app."""
    return app.topic(name, value_type=bytes, key_serializer="raw", value_serializer="raw")


def offsets_in(channel: Any) -> list[int]:
    """What waits in a channel's buffer."""
    return [event.message.offset for event in channel.queue._queue]
