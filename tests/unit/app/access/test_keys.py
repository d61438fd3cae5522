"""Keys: minted, parsed, kept as a hash alone."""

from datetime import UTC, datetime

import pytest

from app.access.keys import KeyEntry, decode, mint, parse
from app.errors import RecordError

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_what_is_minted_matches_and_is_not_kept() -> None:
    entry, text = mint("acme", "tenant", "ci", NOW)
    parsed = parse(f" {text}\n")
    assert parsed is not None
    assert (parsed.key_id, entry.matches(parsed.secret)) == (entry.key_id, True)
    assert parsed.secret not in entry.encode().decode()
    assert decode(entry.encode()) == entry
    assert mint("acme", "tenant", "ci", NOW).text != text


def test_a_revoked_key_matches_nothing() -> None:
    entry, text = mint("acme", "tenant", "", NOW)
    secret = text.rpartition("_")[2]
    assert not entry.matches("0" * 64)
    assert not entry.model_copy(update={"revoked_at": NOW}).matches(secret)


@pytest.mark.parametrize(
    "text",
    ["", "sk-proj-abc", "tr__", "tr_00_" + "0" * 64, "tr_" + "g" * 12 + "_" + "0" * 64, "x" * 999],
)
def test_what_is_no_key(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("name", ["x" * 129, "a\nb", "\x00"])
def test_a_name_that_cannot_be_printed(name: str) -> None:
    with pytest.raises(ValueError, match="printable"):
        mint("acme", "tenant", name, NOW)


@pytest.mark.parametrize("value", [b"", b"{}", b"[]", b'{"key_id": 1}'])
def test_what_cannot_be_read(value: bytes) -> None:
    with pytest.raises(RecordError):
        decode(value)


def test_newer_fields_are_no_obstacle() -> None:
    entry = mint("acme", "admin", "", NOW).entry
    assert KeyEntry.model_validate(entry.model_dump() | {"newer": 1}) == entry
