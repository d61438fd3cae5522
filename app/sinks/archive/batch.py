"""A batch of messages as objects: one for each tenant and day in it. Pure, and to be run in a
thread: it decompresses every body once, to be sure that it can be read again.

What is held is the batch and the objects made of it, both compressed, and one chunk of one body.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date

from app.engine.contracts import Message
from app.errors import RecordError
from app.record.body_codec import check_bodies
from app.record.body_header import EnvelopeHeader
from app.sinks.archive.object_key import object_key
from app.sinks.archive.segment import Member, SegmentBuilder, Source


@dataclass(frozen=True, slots=True)
class Segment:
    """An object to be put; `indices` says which items of the batch its members are, in order."""

    key: str
    tenant: str
    data: bytes
    members: tuple[Member, ...]
    indices: tuple[int, ...]


@dataclass(slots=True)
class Segments:
    """What a batch became; `unreadable` holds the errors of items that are in no object."""

    segments: list[Segment] = field(default_factory=list)
    unreadable: dict[int, RecordError] = field(default_factory=dict)


Checked = tuple[int, EnvelopeHeader, Message]


def segments_of(batch: Sequence[Message], max_decoded_bytes: int) -> Segments:
    """The objects of a batch, in the order of their first members; never raises for a message.

    Messages of several topics, partitions or epochs go to objects of their own.
    """
    made = Segments()
    groups: dict[tuple[Source, date], list[Checked]] = {}
    for index, message in enumerate(batch):
        try:
            header = check_bodies(message.value, max_decoded_bytes)
        except RecordError as error:
            made.unreadable[index] = error
            continue
        epoch, topic, partition, _ = message.position
        source = Source(tenant=header.tenant, epoch=epoch, topic=topic, partition=partition)
        day = header.started_at.astimezone(UTC).date()
        groups.setdefault((source, day), []).append((index, header, message))
    made.segments = [_segment(source, day, group) for (source, day), group in groups.items()]
    return made


def _segment(source: Source, day: date, group: list[Checked]) -> Segment:
    builder = SegmentBuilder(source)
    offsets = [message.position.offset for _, _, message in group]
    for _, header, message in group:
        builder.add(header, message.value or b"", message.position.offset)
    data, members = builder.finish()
    key = object_key(source, day, min(offsets), max(offsets), data)
    indices = tuple(index for index, _, _ in group)
    return Segment(key, source.tenant, data, members, indices)
