"""Batches as objects: by tenant and day, and the unreadable left out alone."""

from datetime import UTC, datetime, timedelta, timezone

from app.engine.contracts import Message, Position
from app.record.body_codec import MAX_DECODED_BYTES
from app.sinks.archive.batch import Segments, segments_of
from app.sinks.archive.segment import read_segment
from tests.support.bodies import EPOCH, TOPIC, envelopes, message, messages

MIDNIGHT = datetime(2026, 3, 5, tzinfo=UTC)


def made_of(batch: list[Message], max_decoded_bytes: int = MAX_DECODED_BYTES) -> Segments:
    return segments_of(batch, max_decoded_bytes)


def test_one_tenant_and_day_is_one_object() -> None:
    made = list(envelopes(1, 40))
    batch = made_of(messages(made))
    assert not batch.unreadable
    (segment,) = batch.segments
    assert segment.indices == tuple(range(40))
    index, bodies = read_segment(segment.data)
    assert bodies == made
    assert index.members == segment.members
    assert segment.key.startswith(f"default/2026-03-14/{EPOCH}/{TOPIC}/0/{0:020d}-{39:020d}-")


def test_tenants_and_days_lie_apart() -> None:
    before = MIDNIGHT - timedelta(milliseconds=10)
    made = [
        *envelopes(1, 2, tenant="a", started_at=before),
        *envelopes(2, 1, tenant="b", started_at=before),
        *envelopes(3, 1, tenant="a", started_at=before),
    ]
    segments = made_of(messages(made)).segments
    assert [(each.key.rsplit("/", 4)[0], each.indices) for each in segments] == [
        ("a/2026-03-04", (0, 3)),
        ("a/2026-03-05", (1,)),
        ("b/2026-03-04", (2,)),
    ]
    assert [each.tenant for each in segments] == ["a", "a", "b"]
    assert segments[0].key.split("/")[-1].startswith(f"{0:020d}-{3:020d}-")


def test_the_day_is_that_of_utc() -> None:
    east = MIDNIGHT.astimezone(timezone(timedelta(hours=13)))
    (segment,) = made_of(messages(list(envelopes(1, 1, started_at=east)))).segments
    assert segment.key.split("/")[1] == "2026-03-05"


def test_partitions_and_epochs_lie_apart() -> None:
    (made,) = envelopes(1, 1)
    other_epoch = Message(b"", message(made).value, Position("e2", TOPIC, 0, 0), 0.0)
    batch = [message(made), message(made, partition=1), other_epoch]
    assert len({each.key for each in made_of(batch).segments}) == 3


def test_what_cannot_be_read_is_named_and_its_neighbours_are_kept() -> None:
    good = messages(list(envelopes(1, 3)))
    bad = [
        Message(None, None, Position(EPOCH, TOPIC, 0, 7), 0.0),
        Message(None, b"TRB\x09\x00 later", Position(EPOCH, TOPIC, 0, 8), 0.0),
        Message(None, (good[0].value or b"")[:-1], Position(EPOCH, TOPIC, 0, 9), 0.0),
    ]
    batch = made_of([bad[0], good[0], bad[1], good[1], bad[2], good[2]])
    assert {index: error.reason for index, error in batch.unreadable.items()} == {
        0: "undecodable",
        2: "unknown_version",
        4: "undecodable",
    }
    (segment,) = batch.segments
    assert segment.indices == (1, 3, 5)


def test_what_decodes_to_more_than_is_read_is_left_out() -> None:
    (only,) = messages(list(envelopes(1, 1)))
    batch = made_of([only], max_decoded_bytes=10)
    assert [error.reason for error in batch.unreadable.values()] == ["too_large"]
    assert batch.segments == []


def test_the_same_exchange_twice_is_two_members() -> None:
    (made,) = envelopes(1, 1)
    (segment,) = made_of([message(made, 4), message(made, 9)]).segments
    assert [each.source_offset for each in segment.members] == [4, 9]
