"""Frames and headers: written, read back, cut, damaged."""

from itertools import pairwise

import pytest

from proxy.publisher.outgoing import Outgoing
from proxy.publisher.spill.format import (
    DATA_START,
    FRAME_BYTES,
    HEADER_BYTES,
    MAX_MESSAGE_BYTES,
    VERSION,
    Frame,
    Gap,
    Header,
    decode_header,
    encode_frame,
    encode_header,
    fits,
    frame_at,
    scan,
)
from tests.support.spill import SYNC, messages_in, segment_of

HEADER = Header(VERSION, "bodies", SYNC, 1_700_000_000_000, "producer-1")
MESSAGES = [
    Outgoing("t.exchanges", b"default|alice", b'{"a": 1}'),
    Outgoing("t.exchanges", b"", b""),
    Outgoing("t.bodies", b"\x00\xff", SYNC + b"x" * 40),
]


def gaps_in(data: bytes) -> list[Gap]:
    """What of a segment is no frame."""
    return [item for item in scan(data, SYNC) if isinstance(item, Gap)]


def starts() -> list[int]:
    """Where the frames of `segment_of(MESSAGES)` begin, and its end."""
    frames = [item for item in scan(segment_of(MESSAGES), SYNC) if isinstance(item, Frame)]
    return [DATA_START, *(frame.end for frame in frames)]


def test_header_comes_back_from_either_copy() -> None:
    """One copy may be destroyed altogether."""
    data = encode_header(HEADER)
    assert len(data) == DATA_START
    assert decode_header(data) == HEADER
    assert decode_header(bytes(HEADER_BYTES) + data[HEADER_BYTES:]) == HEADER
    assert decode_header(data[:HEADER_BYTES] + bytes(HEADER_BYTES)) == HEADER


@pytest.mark.parametrize(
    "data", [b"", b"x" * DATA_START, encode_header(HEADER)[: HEADER_BYTES - 1]]
)
def test_what_is_no_header_is_none(data: bytes) -> None:
    """Empty, foreign or cut."""
    assert decode_header(data) is None


def test_a_later_version_is_readable_as_a_header() -> None:
    """So that its segment is left alone and not taken for damage."""
    later = decode_header(encode_header(HEADER._replace(version=VERSION + 1)))
    assert later is not None
    assert later.version == VERSION + 1


def test_messages_come_back_in_order() -> None:
    """Empty keys and values, binary ones, and one that holds the mark itself."""
    assert messages_in(segment_of(MESSAGES)) == MESSAGES
    assert gaps_in(segment_of(MESSAGES)) == []


def test_scan_begins_where_it_is_told() -> None:
    """A batch is read from where the last one ended."""
    data = segment_of(MESSAGES)
    rest = [item.message for item in scan(data, SYNC, starts()[1]) if isinstance(item, Frame)]
    assert rest == MESSAGES[1:]


def test_a_frame_moved_is_no_frame() -> None:
    """The offset is part of the checksum: a copy inside of a message invents nothing."""
    first = b"".join(encode_frame(SYNC, DATA_START, MESSAGES[0]))
    data = segment_of([])
    assert frame_at(data + first, SYNC, DATA_START) is not None
    assert frame_at(data + b"!" + first, SYNC, DATA_START + 1) is None
    carrier = Outgoing("t", b"k", first)
    damaged = bytearray(segment_of([carrier]))
    damaged[DATA_START] ^= 1
    assert messages_in(bytes(damaged)) == []


def test_a_bad_frame_in_the_middle_is_a_gap() -> None:
    """Its neighbours are read; the gap says where and how many."""
    places = starts()
    for number, (start, end) in enumerate(pairwise(places[:-1])):
        data = bytearray(segment_of(MESSAGES))
        data[end - 1] ^= 0x40
        assert messages_in(bytes(data)) == MESSAGES[:number] + MESSAGES[number + 1 :]
        assert gaps_in(bytes(data)) == [Gap(start, end, False, 1)]


def test_a_gap_counts_its_marks() -> None:
    """Two bad frames in a row are two lost messages."""
    data = bytearray(segment_of([MESSAGES[0]] * 4))
    size = (len(data) - DATA_START) // 4
    for number in (1, 2):
        data[DATA_START + number * size + FRAME_BYTES] ^= 1
    (gap,) = gaps_in(bytes(data))
    assert (gap.lost_messages, gap.torn) == (2, False)


def test_a_frame_that_ends_early_is_torn() -> None:
    """At any byte of it."""
    places = starts()
    data = segment_of(MESSAGES)
    for cut in range(places[1] + 1, places[2]):
        assert gaps_in(data[:cut]) == [Gap(places[1], cut, True, 0)]


def test_zeros_at_the_end_are_torn() -> None:
    """Blocks that were allocated and never written, after a power loss."""
    data = segment_of(MESSAGES)
    assert gaps_in(data + bytes(4096)) == [Gap(len(data), len(data) + 4096, True, 0)]


def test_other_bytes_at_the_end_are_damage() -> None:
    """They are counted as one message at least."""
    data = segment_of(MESSAGES)
    assert gaps_in(data + b"what is this") == [Gap(len(data), len(data) + 12, False, 1)]


def test_fits() -> None:
    """A message beyond the frame's bounds can never be kept."""
    assert fits(Outgoing("t", b"k", bytes(100)))
    assert not fits(Outgoing("t" * 70_000, b"k", b""))
    assert not fits(Outgoing("t", b"k", bytes(MAX_MESSAGE_BYTES)))
