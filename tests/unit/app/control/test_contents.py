"""A topic as its messages tell it."""

from app.control.contents import CLAIM, Contents


def contents(*messages: tuple[bytes | None, bytes | None]) -> Contents:
    made = Contents()
    for key, value in messages:
        made.take(key, value)
    return made


def test_the_last_message_of_a_key_stands() -> None:
    found = contents((b"a", b"1"), (b"b", b"2"), (b"a", b"3"), (b"b", None), (None, b"4"))
    assert (found.entries, found.claim) == ({b"a": b"3"}, None)


def test_missing_is_what_was_neither_put_nor_removed() -> None:
    found = contents((b"a", b"1"), (b"b", None))
    known = {b"a": b"0", b"b": b"0", b"c": b"0", CLAIM: b"somebody's of long ago"}
    assert found.missing(known) == {b"c": b"0"}


def test_the_first_claim_counts_until_it_is_removed() -> None:
    assert contents((CLAIM, b"one"), (CLAIM, b"two")).claim == b"one"
    assert contents((CLAIM, b"one"), (CLAIM, b"two"), (CLAIM, None)).claim is None
    assert contents((CLAIM, b"one"), (CLAIM, None), (CLAIM, b"two")).claim == b"two"
    assert contents((CLAIM, b"one"), (b"a", b"1")).entries == {b"a": b"1"}
