"""Messages of one partition that travel from the Kafka client to a handler together.

To Faust a slice is one message: one event, one wait of its stream, one ack. Its offset is that of
its first record that is not handled yet, so no commit passes it; its ack counts for its last.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from faust.types.tuples import ConsumerMessage

from app.engine.contracts import Message, Position

MAX_RECORDS = 100
MS = 1000


class Slice(ConsumerMessage):
    """Records of aiokafka, at least one, in offset order, read in one generation."""

    __slots__ = ("records", "size_bytes")

    def __init__(self, tp: Any, records: Sequence[Any], generation: int) -> None:
        """As Faust makes a message of the first record."""
        first = records[0]
        super().__init__(
            tp.topic,
            tp.partition,
            first.offset,
            seconds(first.timestamp),
            first.timestamp_type,
            None,
            None,
            None,
            None,
            tp=tp,
            generation_id=generation,
        )
        self.records = records
        self.size_bytes = sum(len(each.key or b"") + len(each.value or b"") for each in records)

    def at(self, record: Any) -> None:
        """All records before this one are handled; at the last one, that one too when acked."""
        self.offset, self.timestamp = record.offset, seconds(record.timestamp)


def cut(tp: Any, records: Sequence[Any], generation: int) -> Iterator[Slice]:
    """Slices of what was fetched of a partition, in order."""
    for start in range(0, len(records), MAX_RECORDS):
        yield Slice(tp, records[start : start + MAX_RECORDS], generation)


def seconds(timestamp_ms: int | None) -> float:
    """Kafka's time of a message in seconds; 0 where it has none (-1 on the wire)."""
    return max(0.0, (timestamp_ms or 0) / MS)


def messages_of(raw: Any, epoch: str) -> Iterator[Message]:
    """What a handler gets of a slice, which follows, or of a message of Faust's alone."""
    if not isinstance(raw, Slice):
        yield to_message(raw, epoch)
        return
    topic, partition = raw.topic, raw.partition
    for record in raw.records:
        raw.at(record)
        position = Position(epoch, topic, partition, record.offset)
        headers = dict(record.headers or ())
        yield Message(record.key, record.value, position, raw.timestamp, headers)


def to_message(raw: Any, epoch: str) -> Message:
    """Faust's message as ours."""
    return Message(
        key=raw.key,
        value=raw.value,
        position=Position(epoch, raw.topic, raw.partition, raw.offset),
        broker_time_s=max(0.0, raw.timestamp or 0.0),
        headers=dict(raw.headers or ()),
    )
