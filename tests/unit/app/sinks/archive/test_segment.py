"""Objects of the archive: what is put in comes out, and what is wrong is told."""

import pytest

from app.errors import SegmentError
from app.record.bodies import BodyEnvelope
from app.record.body_codec import check_bodies, encode_bodies
from app.sinks.archive.segment import (
    FOOTER_BYTES,
    HEAD,
    Member,
    SegmentBuilder,
    Source,
    read_footer,
    read_index,
    read_member,
    read_segment,
)
from tests.support.bodies import EPOCH, TOPIC, envelopes

SOURCE = Source(tenant="acme", epoch=EPOCH, topic=TOPIC, partition=3)


def built(made: list[BodyEnvelope]) -> tuple[bytes, tuple[Member, ...]]:
    builder = SegmentBuilder(SOURCE)
    for offset, each in enumerate(made):
        message = encode_bodies(each)
        builder.add(check_bodies(message), message, 100 + offset)
    return builder.finish()


def test_an_object_is_readable_alone() -> None:
    made = list(envelopes(1, 50, tenant="acme"))
    data, members = built(made)
    index, bodies = read_segment(data)
    assert bodies == made
    assert index.source == SOURCE
    assert index.members == members
    assert [each.source_offset for each in members] == list(range(100, 150))
    for each, envelope in zip(members, made, strict=True):
        assert (each.request_id, each.started_at) == (envelope.request_id, envelope.started_at)
        sizes = [
            None if part is None else len(part.data)
            for part in (envelope.request, envelope.response)
        ]
        assert [each.request_bytes, each.response_bytes] == sizes


def test_a_member_is_readable_by_its_place_alone() -> None:
    made = list(envelopes(2, 20))
    data, members = built(made)
    for each, envelope in zip(members, made, strict=True):
        assert read_member(data[each.offset : each.offset + each.length]) == envelope


def test_the_same_messages_make_the_same_bytes() -> None:
    made = list(envelopes(3, 10))
    assert built(made) == built(made)


def test_the_index_is_found_from_the_end() -> None:
    data, members = built(list(envelopes(4, 7)))
    place = read_footer(data[-FOOTER_BYTES:], len(data))
    index = read_index(data[place.offset : place.offset + place.length], place)
    assert index.members == members
    assert data.startswith(HEAD)


@pytest.mark.parametrize(
    ("tail", "says"),
    [(b"", "end of a segment"), (bytes(FOOTER_BYTES), "end of a segment")],
)
def test_what_is_no_footer_is_refused(tail: bytes, says: str) -> None:
    with pytest.raises(SegmentError, match=says):
        read_footer(tail, 1000)


def test_a_footer_of_another_object_is_refused() -> None:
    data, _ = built(list(envelopes(5, 2)))
    with pytest.raises(SegmentError, match="does not lie where"):
        read_footer(data[-FOOTER_BYTES:], len(data) + 1)


def test_a_later_version_is_named() -> None:
    data, members = built(list(envelopes(6, 1)))
    first = members[0]
    member = bytearray(data[first.offset : first.offset + first.length])
    member[3] = 2
    with pytest.raises(SegmentError, match="member version 2"):
        read_member(bytes(member))
    with pytest.raises(SegmentError, match="of a version that is known"):
        read_segment(b"TRS\x02" + data[4:])


def test_the_bytes_of_two_members_are_neither() -> None:
    data, members = built(list(envelopes(7, 2)))
    with pytest.raises(SegmentError, match="checksum"):
        read_member(data[members[0].offset : members[1].offset + members[1].length])
