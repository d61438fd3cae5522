"""The field types: times are aware and end up in UTC."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import TypeAdapter, ValidationError

from app.record.fields import Properties, User, UtcTime

times = TypeAdapter(UtcTime)
users = TypeAdapter(User)
properties = TypeAdapter(Properties)


def test_another_zone_is_normalised_to_utc() -> None:
    tokyo = datetime(2026, 1, 1, 8, tzinfo=timezone(timedelta(hours=9)))
    found = times.validate_python(tokyo)
    assert found == tokyo
    assert found.isoformat() == "2025-12-31T23:00:00+00:00"
    assert times.dump_json(found) == b'"2025-12-31T23:00:00Z"'


@pytest.mark.parametrize(
    "time",
    [
        datetime(2026, 1, 1),  # noqa: DTZ001
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(2970, 1, 1, tzinfo=UTC),
        datetime.min.replace(tzinfo=timezone(timedelta(hours=14))),
        datetime.max.replace(tzinfo=timezone(timedelta(hours=-14))),
        "2026-01-01T00:00:00",
    ],
)
def test_a_naive_or_absurd_time_is_refused(time: object) -> None:
    with pytest.raises(ValidationError):
        times.validate_python(time)


@pytest.mark.parametrize("user", ["Zoë 🌊", "a|b", " ", "user@example.com"])
def test_a_user_is_any_printable_text(user: str) -> None:
    assert users.validate_python(user) == user


@pytest.mark.parametrize("control", ["\x00", "\n", "\x1f", "\x7f"])
def test_control_characters_are_refused(control: str) -> None:
    with pytest.raises(ValidationError):
        users.validate_python(f"a{control}b")
    with pytest.raises(ValidationError):
        properties.validate_python({f"a{control}": ""})


def test_unprintable_but_harmless_property_values_are_taken() -> None:
    spaces = {"name": "no\u00a0break\u2028line"}
    assert properties.validate_python(spaces) == spaces
