"""The idempotency entry."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.engine.contracts import Position
from app.errors import RecordError
from tables import seen
from tables.seen import Seen


@given(
    st.builds(
        Seen,
        st.text(st.characters(codec="utf-8"), max_size=64),
        st.integers(0, 2**31 - 1),
        st.integers(0, 2**63 - 1),
        st.integers(0, 2**63 - 1),
    )
)
def test_a_round_trip_changes_nothing(entry: Seen) -> None:
    assert seen.decode(seen.encode(entry)) == entry


def test_an_entry_is_small() -> None:
    assert len(seen.encode(Seen("e" * 22, 23, 10**12, 1_790_000_000_000))) == 43


def test_an_entry_names_one_position() -> None:
    entry = Seen("e1", 3, 42, 0)
    assert entry.is_at(Position("e1", "any", 3, 42))
    assert not entry.is_at(Position("e2", "any", 3, 42))
    assert not entry.is_at(Position("e1", "any", 4, 42))
    assert not entry.is_at(Position("e1", "any", 3, 43))


@pytest.mark.parametrize(
    "value", [b"", b"\x01", b"\x02" + bytes(20), b"\x01" + bytes(20) + b"\xff"]
)
def test_what_cannot_be_read_is_ours(value: bytes) -> None:
    with pytest.raises(RecordError) as caught:
        seen.decode(value)
    assert caught.value.reason == "step_failed"
