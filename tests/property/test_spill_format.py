"""Whatever is written comes back; whatever happens to the bytes, nothing is invented."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.publisher.outgoing import Outgoing
from proxy.publisher.spill.format import DATA_START, Gap, decode_header, scan
from tests.support.spill import SYNC, messages_in, segment_of

BYTES = st.binary(max_size=60) | st.just(SYNC) | st.just(SYNC * 3)
MESSAGES = st.lists(st.builds(Outgoing, st.text(max_size=12), BYTES, BYTES), max_size=8)
SMALL = [
    Outgoing("t.exchanges", b"default|alice", b'{"request_id": "0190", "n": 1}'),
    Outgoing("t.bodies", b"0190", b"\x28\xb5\x2f\xfd" + bytes(range(40))),
    Outgoing("t.exchanges", b"default|bob", b""),
    Outgoing("t.exchanges", b"default|bob", b"last"),
]


def is_subsequence(part: list[Outgoing], whole: list[Outgoing]) -> bool:
    """Whether `part` is `whole` with some left out, in order."""
    rest = iter(whole)
    return all(message in rest for message in part)


def read_damaged(data: bytes) -> list[Outgoing]:
    """As recovery does: by the header if it can be read, else nothing."""
    header = decode_header(data)
    return [] if header is None else messages_in(data, header.sync)


@given(MESSAGES)
def test_round_trip(messages: list[Outgoing]) -> None:
    """All messages, in order, without gaps."""
    data = segment_of(messages)
    assert messages_in(data) == messages
    assert not [item for item in scan(data, SYNC) if isinstance(item, Gap)]


@given(MESSAGES, st.data())
def test_a_cut_segment_holds_a_prefix(messages: list[Outgoing], data: st.DataObject) -> None:
    """Wherever it is cut; what is left over is torn, never damage."""
    whole = segment_of(messages)
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    found = read_damaged(cut)
    assert found == messages[: len(found)]
    gaps = [item for item in scan(cut, SYNC) if isinstance(item, Gap)]
    assert all(gap.torn for gap in gaps)
    assert len(gaps) <= 1


@given(MESSAGES, st.data())
def test_damage_invents_nothing(messages: list[Outgoing], data: st.DataObject) -> None:
    """Bytes overwritten, taken out or put in, several times: some messages are missing, no more."""
    damaged = bytearray(segment_of(messages))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(damaged)))
        end = data.draw(st.integers(start, min(len(damaged), start + 50)))
        damaged[start:end] = data.draw(BYTES)
    assert is_subsequence(read_damaged(bytes(damaged)), messages)


@given(st.binary(max_size=400), st.integers(0, 500))
@settings(max_examples=200)
def test_gaps_and_frames_tile_any_bytes(noise: bytes, start: int) -> None:
    """Every byte is accounted for once: read or lost."""
    data = segment_of(SMALL) + noise
    start = min(DATA_START + start, len(data))
    ends = [start, *(item.end for item in scan(data, SYNC, start))]
    assert ends[-1] == len(data)
    assert all(before < after for before, after in pairwise(ends))


def test_every_byte_flipped_costs_one_message_at_most() -> None:
    """Every byte of a small segment, turned over in every bit and to zero."""
    whole = segment_of(SMALL)
    for place, byte in enumerate(whole):
        for changed in {byte ^ 0xFF, 0, *(byte ^ (1 << bit) for bit in range(8))} - {byte}:
            damaged = whole[:place] + bytes([changed]) + whole[place + 1 :]
            found = read_damaged(damaged)
            assert is_subsequence(found, SMALL)
            assert len(found) == len(SMALL) - (place >= DATA_START), place
