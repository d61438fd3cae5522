"""The file of counters: read back, cut short, damaged: nothing is invented."""

from hypothesis import given
from hypothesis import strategies as st

from proxy.publisher.accounts.layout import (
    COUNTERS,
    HEADER_BYTES,
    PLACE,
    SLOT_BYTES,
    U64,
    Slot,
    counts_of,
    header,
    name,
    producer_of,
    size_bytes,
    slot_at,
    slots,
)


def file_of(*made: Slot, capacity: int = 4) -> bytes:
    data = bytearray(size_bytes(capacity))
    data[: len(header("producer-1", capacity))] = header("producer-1", capacity)
    for index, slot in enumerate(made):
        start = slot_at(index)
        data[start : start + len(name(slot.tenant, slot.minute))] = name(slot.tenant, slot.minute)
        for counter, value in slot.values.items():
            U64.pack_into(data, start + PLACE[counter], value)
    return bytes(data)


VALUES = {counter: number + 1 for number, counter in enumerate(COUNTERS)}
SLOTS = [Slot("default", 29_000_000, VALUES), Slot("é", 29_000_001, VALUES)]


def test_read_back() -> None:
    data = file_of(*SLOTS)
    assert producer_of(data) == "producer-1"
    assert list(slots(data)) == SLOTS


@given(st.integers(0, size_bytes(4)))
def test_cut_anywhere(length: int) -> None:
    data = file_of(*SLOTS)[:length]
    assert producer_of(data) in (None, "producer-1")
    assert list(slots(data)) == SLOTS[: max(0, (length - HEADER_BYTES) // SLOT_BYTES)]


def test_every_byte_flipped() -> None:
    """A name or header that is damaged is left out; a counter can only be wrong by itself."""
    data = file_of(*SLOTS)
    for place in range(len(data)):
        damaged = bytearray(data)
        damaged[place] ^= 0xFF
        assert producer_of(bytes(damaged)) in (None, "producer-1")
        found = {(slot.tenant, slot.minute) for slot in slots(bytes(damaged))}
        assert found <= {(slot.tenant, slot.minute) for slot in SLOTS}


def test_what_a_dead_process_held_is_lost() -> None:
    values = dict.fromkeys(COUNTERS, 0) | {"proxied": 9, "durable": 5, "overflow": 1, "next": 7}
    slot = Slot("t", 1, values)
    alive, dead = counts_of(slot, "p"), counts_of(slot, "p", dead=True)
    assert (alive.dropped, alive.pending, alive.last_sequence) == ({"overflow": 1}, 3, 6)
    assert (dead.dropped, dead.pending, dead.final) == ({"overflow": 1, "killed": 3}, 0, True)
