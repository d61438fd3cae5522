"""Values of query parameters, and refusals that name the parameter at fault."""

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from app.errors import QueryRefused

Pairs = Sequence[tuple[str, str]]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = datetime(2299, 1, 1, tzinfo=UTC)
MAX_VALUES = 20
MAX_VALUE_CHARS = 512
MAX_NUMBER = (1 << 63) - 1
_WHOLE_NUMBER = re.compile(r"[0-9]{1,19}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_FRACTION = re.compile(r"(\.[0-9]{6})[0-9]+")
TIME_IS = "a time is RFC 3339 with an offset, such as 2026-01-31T09:30:00Z, or a date in UTC"


def refused(field: str, message: str) -> QueryRefused:
    """A 400 that names its parameter."""
    return QueryRefused(400, "invalid_parameter", message, field=field)


def one(pairs: Pairs, name: str) -> str | None:
    """The value of a parameter that may be given once. Raises: QueryRefused."""
    values = [value for key, value in pairs if key == name]
    if len(values) > 1:
        raise refused(name, "given more than once")
    return values[0] if values else None


def many(pairs: Pairs, name: str, *, by_comma: bool = False) -> list[str]:
    """The values of a parameter that may be given several times, each once.

    Raises: QueryRefused, if there are too many, or one is empty or too long.
    """
    given = [value for key, value in pairs if key == name]
    if by_comma:
        given = [part for value in given for part in value.split(",")]
    values = list(dict.fromkeys(given))
    if len(values) > MAX_VALUES or any(not 1 <= len(each) <= MAX_VALUE_CHARS for each in values):
        raise refused(name, f"up to {MAX_VALUES} values of 1 to {MAX_VALUE_CHARS} characters")
    if any("\x00" in each or not _is_text(each) for each in values):
        raise refused(name, "not text in UTF-8")
    return values


def only_known(pairs: Pairs, known: Collection[str], prefixes: Iterable[str] = ()) -> None:
    """Refuse what nobody reads: a misspelt filter would widen an answer. Raises: QueryRefused."""
    starts = tuple(prefixes)
    for name, _ in pairs:
        if name not in known and not (starts and name.startswith(starts)):
            raise refused(name, f"unknown; known are {', '.join(sorted(known))}")


def whole_number(pairs: Pairs, name: str, *, least: int = 0, most: int = MAX_NUMBER) -> int | None:
    """A whole number within bounds, None where it is not given. Raises: QueryRefused."""
    text = one(pairs, name)
    if text is None:
        return None
    if _WHOLE_NUMBER.fullmatch(text) is None or not least <= int(text) <= most:
        raise refused(name, f"a whole number from {least} to {most}")
    return int(text)


def yes_or_no(pairs: Pairs, name: str) -> bool | None:
    """`true` or `false`, None where it is not given. Raises: QueryRefused."""
    text = one(pairs, name)
    if text not in {None, "true", "false"}:
        raise refused(name, "true or false")
    return None if text is None else text == "true"


def time_ms(pairs: Pairs, name: str) -> int | None:
    """A time in milliseconds since the epoch, None where it is not given. Raises: QueryRefused."""
    text = one(pairs, name)
    return None if text is None else _to_ms(_time(text, name))


def _time(text: str, name: str) -> datetime:
    try:
        if _DATE.fullmatch(text):
            parsed = datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
        elif _TIME.fullmatch(text):
            parsed = datetime.fromisoformat(_FRACTION.sub(r"\1", text).upper())
        else:
            raise refused(name, TIME_IS)
        parsed = parsed.astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise refused(name, TIME_IS) from exc
    if not EPOCH <= parsed <= LATEST:
        raise refused(name, f"a time from {EPOCH:%Y} to {LATEST:%Y}")
    return parsed


def _to_ms(at: datetime) -> int:
    return (at - EPOCH) // timedelta(milliseconds=1)


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
