"""The period that statistics are about, and how it is cut into intervals."""

import re
from dataclasses import dataclass
from datetime import timedelta

from app.analytics.filters import period_of
from app.analytics.parameters import EPOCH, Pairs, one, refused

DAY_MS = 86_400_000
MAX_INTERVALS = 5000
AIM_INTERVALS = 120
UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
LADDER_S = (1, 10, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 86_400, 7 * 86_400, 30 * 86_400)
MAX_INTERVAL_S = 366 * 86_400
_INTERVAL = re.compile(r"([1-9][0-9]{0,7})([smhd])")


@dataclass(frozen=True, slots=True)
class Period:
    """From (included) to (excluded), in milliseconds since the epoch."""

    from_ms: int
    to_ms: int

    @property
    def bounds(self) -> dict[str, str]:
        """Both ends as RFC 3339 in UTC."""
        return {"from": rfc3339(self.from_ms), "to": rfc3339(self.to_ms)}


def period(pairs: Pairs, now_ms: int) -> Period:
    """What `from` and `to` say; without `to` until now, without `from` the day before that.

    Raises: QueryRefused.
    """
    from_ms, to_ms = period_of(pairs)
    until_ms = now_ms if to_ms is None else to_ms
    since_ms = max(0, until_ms - DAY_MS) if from_ms is None else from_ms
    if since_ms >= until_ms:
        raise refused("from", "not in the past: give `to` as well")
    return Period(since_ms, until_ms)


def interval_s(pairs: Pairs, of: Period) -> int:
    """The width of an interval in seconds; not given, or `auto`: at most 120 of a round width.

    Raises: QueryRefused, if it is no width, or cuts the period into too many.
    """
    text = one(pairs, "interval")
    length_s = (of.to_ms - of.from_ms) / 1000
    if text in {None, "auto"}:
        fits = (width for width in LADDER_S if length_s / width <= AIM_INTERVALS)
        return next(fits, LADDER_S[-1])
    match = _INTERVAL.fullmatch(text or "")
    width_s = int(match[1]) * UNITS_S[match[2]] if match else 0
    if not 1 <= width_s <= MAX_INTERVAL_S:
        raise refused("interval", "a whole number with a unit, such as 30s, 5m, 1h, 1d, or auto")
    if length_s / width_s > MAX_INTERVALS:
        raise refused("interval", f"cuts the period into more than {MAX_INTERVALS} intervals")
    return width_s


def rfc3339(ms: int) -> str:
    """Milliseconds since the epoch as RFC 3339 in UTC."""
    text = (EPOCH + timedelta(milliseconds=ms)).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
