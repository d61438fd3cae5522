import pytest

from app.control.entries import encode_name, encode_value
from app.control.state import ControlState

A, B = encode_name("kind", "a"), encode_name("kind", "b")
ONE, TWO = encode_value(b"1"), encode_value(b"2")
NEWER = b'{"schema_version":9,"value":{"any":"thing"}}'
Heard = list[tuple[str, bytes | None]]


def listened(state: ControlState, kind: str = "kind") -> Heard:
    heard: Heard = []
    state.on_change(kind, lambda key, value: heard.append((key, value)))
    return heard


def test_entries_are_put_replaced_and_removed() -> None:
    state = ControlState()
    heard = listened(state)
    for key, value in ((A, ONE), (B, ONE), (A, TWO), (B, None)):
        assert state.apply(key, value)
    assert state.items("kind") == {"a": b"2"}
    assert state.get("kind", "b") is None
    assert heard == [("a", b"1"), ("b", b"1"), ("a", b"2"), ("b", None)]


def test_nothing_changes_by_the_same_again() -> None:
    state = ControlState()
    state.apply(A, ONE)
    heard = listened(state)
    assert not state.apply(A, ONE)
    assert not state.apply(B, None)
    assert not state.apply(None, ONE)
    assert heard == [("a", b"1")]


def test_who_listens_hears_its_kind_alone() -> None:
    state = ControlState()
    heard = listened(state, "other")
    state.apply(A, ONE)
    assert heard == []


@pytest.mark.parametrize("raw_key", [A, b"no name", b"\xff"])
def test_what_is_not_understood_is_kept_and_not_shown(raw_key: bytes) -> None:
    state = ControlState()
    heard = listened(state)
    assert state.apply(raw_key, NEWER)
    assert state.raw == {raw_key: NEWER}
    assert state.items("kind") == {}
    assert heard == []


def test_an_entry_of_a_newer_version_hides_the_older_one() -> None:
    state = ControlState()
    state.apply(A, ONE)
    heard = listened(state)
    state.apply(A, NEWER)
    assert heard == [("a", b"1"), ("a", None)]


def test_a_replacement_tells_the_differences_alone() -> None:
    state = ControlState()
    state.replace({A: ONE, B: ONE})
    heard = listened(state)
    heard.clear()
    assert state.replace({A: TWO})
    assert heard == [("b", None), ("a", b"2")]
    assert not state.replace({A: TWO})


def test_a_listener_that_fails_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    state = ControlState()

    def fail(key: str, value: bytes | None) -> None:
        raise RuntimeError(key)

    state.on_change("kind", fail)
    heard = listened(state)
    state.apply(A, ONE)
    assert heard == [("a", b"1")]
    assert "failed at a" in caplog.text
