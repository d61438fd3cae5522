import pytest

from app.control.entries import (
    MAX_VALUE_BYTES,
    Name,
    decode_name,
    decode_value,
    encode_name,
    encode_value,
)
from app.errors import RecordError


def test_a_name_comes_back() -> None:
    raw = encode_name("webhook", "default|we_1")
    assert raw == b"webhook/default|we_1"
    assert decode_name(raw) == Name("webhook", "default|we_1")


@pytest.mark.parametrize(
    ("kind", "key"), [("", "a"), ("A", "a"), ("a", ""), ("a", "b/c"), ("a/b", "c"), ("a", "é")]
)
def test_a_bad_name_is_refused(kind: str, key: str) -> None:
    with pytest.raises(RecordError, match="invalid"):
        encode_name(kind, key)


@pytest.mark.parametrize("raw", [b"", b"kind", b"/key", b"kind/", b"\xff/key"])
def test_what_names_nothing_is_no_name(raw: bytes) -> None:
    assert decode_name(raw) is None


@pytest.mark.parametrize("value", [b'{"a":[1,2]}', b"null", b'"text"', b"3"])
def test_a_value_comes_back(value: bytes) -> None:
    assert decode_value(encode_value(value)) == value


def test_a_value_that_is_not_json_is_refused() -> None:
    with pytest.raises(RecordError, match="invalid"):
        encode_value(b"{")
    with pytest.raises(RecordError, match="too_large"):
        encode_value(b'"' + b"a" * MAX_VALUE_BYTES + b'"')


@pytest.mark.parametrize(
    "raw", [b"", b"{", b"[]", b'{"schema_version":2,"value":1}', b'{"schema_version":1}']
)
def test_what_is_not_understood_has_no_value(raw: bytes) -> None:
    assert decode_value(raw) is None
