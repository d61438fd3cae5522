"""Objects of the archive: everything comes back; damage is told, and nothing is invented."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from app.errors import SegmentError
from app.record.bodies import BodyEnvelope, BodyPart
from app.record.body_codec import check_bodies, encode_bodies
from app.sinks.archive.segment import SegmentBuilder, Source, read_member, read_segment

SOURCE = Source(tenant="t", epoch="e", topic="bodies", partition=0)
LINES = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=20)
PARTS = st.none() | st.builds(BodyPart, LINES, LINES, st.binary(max_size=600), stored=st.none())
IDS = st.uuids(version=4).map(str)
FIRST, LAST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2900, 1, 1, tzinfo=UTC)
TIMES = st.datetimes(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None), timezones=st.just(UTC))
ENVELOPES = st.builds(BodyEnvelope, st.just("t"), IDS, TIMES, PARTS, PARTS)


def built(made: list[BodyEnvelope]) -> bytes:
    builder = SegmentBuilder(SOURCE)
    for offset, each in enumerate(made):
        message = encode_bodies(each)
        builder.add(check_bodies(message), message, offset)
    return builder.finish()[0]


@given(st.lists(ENVELOPES, max_size=6))
def test_round_trip(made: list[BodyEnvelope]) -> None:
    index, bodies = read_segment(built(made))
    assert bodies == made
    assert [each.request_id for each in index.members] == [each.request_id for each in made]


@given(st.binary(max_size=400))
def test_any_bytes_are_an_object_or_an_error(data: bytes) -> None:
    for read in (read_segment, read_member):
        try:
            read(data)
        except SegmentError:
            continue
        raise AssertionError("random bytes were taken for an object")


def test_every_flipped_byte_is_noticed() -> None:
    """Each byte of an object, each of three flips: an error, never other content."""
    at = datetime(2026, 1, 2, tzinfo=UTC)
    ids = [f"0195950e-3b4a-7c3d-8e5f-{number:012d}" for number in range(3)]
    made = [
        BodyEnvelope("t", ids[0], at, BodyPart("text/plain", "", b"plain"), None),
        BodyEnvelope("t", ids[1], at, BodyPart("a/b", "", b"abc " * 100), BodyPart("", "", b"")),
        BodyEnvelope("t", ids[2], at, None, BodyPart("audio/mpeg", "gzip", bytes(range(256)))),
    ]
    data = built(made)
    for at_byte in range(len(data)):
        for flip in (0x01, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[at_byte] ^= flip
            try:
                read_segment(bytes(damaged))
            except SegmentError:
                continue
            raise AssertionError(f"byte {at_byte} flipped by {flip:#x} went unnoticed")


@given(st.lists(ENVELOPES, min_size=1, max_size=3), st.data())
@settings(max_examples=200)
def test_a_cut_or_spliced_object_is_an_error(made: list[BodyEnvelope], data: st.DataObject) -> None:
    whole = built(made)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    insert = data.draw(st.binary(max_size=20))
    damaged = whole[:start] + insert + whole[end:]
    if damaged == whole:
        return
    try:
        read_segment(damaged)
    except SegmentError:
        return
    raise AssertionError("a damaged object was read")
