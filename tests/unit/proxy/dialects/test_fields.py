from typing import Any

import pytest

from proxy.dialects.fields import (
    count,
    error_of,
    is_cut,
    items,
    load,
    mapping,
    short,
    text,
    usage_of,
    user_of,
)


@pytest.mark.parametrize(
    ("data", "value"),
    [(b'{"a": 1}', {"a": 1}), (b'"\xff"', "\ufffd"), (b"{", None), (b"\xff{", None), (b"", None)],
)
def test_load(data: bytes, value: Any) -> None:
    assert load(data) == value


def test_each_field_is_what_it_should_be_or_nothing() -> None:
    assert [text(value) for value in ("a", "", 1, None, ["a"])] == ["a", None, None, None, None]
    counts = (0, 7, -1, True, 1.0, "1", 10**13, None)
    assert [count(value) for value in counts] == [0, 7, *[None] * 6]
    assert [mapping(value) for value in ({"a": 1}, [1], None)] == [{"a": 1}, {}, {}]
    assert [items(value) for value in ([1], {"a": 1}, None)] == [[1], [], []]


@pytest.mark.parametrize("value", [{"": None}, [{"": None}], [{"a": 1}, {"": None}]])
def test_what_was_cut(value: Any) -> None:
    assert is_cut(value)


@pytest.mark.parametrize("value", [{}, {"a": {"": None}}, [], ["", 1], None, "", 7])
def test_what_was_not_cut(value: Any) -> None:
    assert not is_cut(value)


@pytest.mark.parametrize(
    ("document", "user"),
    [
        ({"user": "a", "metadata": {"user_id": "b"}, "safety_identifier": "c"}, "a"),
        ({"user": "", "metadata": {"user_id": "b"}, "safety_identifier": "c"}, "b"),
        ({"user": 7, "metadata": "x", "safety_identifier": "c"}, "c"),
        ({}, None),
    ],
)
def test_user_of(document: dict[str, Any], user: str | None) -> None:
    assert user_of(document) == user


@pytest.mark.parametrize(
    ("error", "line"),
    [
        ({"type": "server_error", "message": "no"}, "server_error: no"),
        ({"code": "429", "message": "no"}, "429: no"),
        ({"type": None, "status": "UNAVAILABLE"}, "UNAVAILABLE"),
        ({"message": "no"}, "no"),
        ({"detail": 1}, "error"),
        ("it broke", "it broke"),
        ({}, None),
        (None, None),
        ([1], None),
        ({"type": "t", "message": "x" * 900}, "t: " + "x" * 753),
    ],
)
def test_error_of(error: Any, line: str | None) -> None:
    assert error_of(error) == line


def test_no_text_is_none() -> None:
    assert (short(""), short(" \n")) == (None, None)


def test_usage_of() -> None:
    assert usage_of(input=0, output=None) == {"input": 0}
    assert usage_of(input=None) is None
