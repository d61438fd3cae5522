"""What an attempt came to, and what that means. Pure.

    2xx            delivered; nothing else is
    410            the endpoint wants nothing any more: it is disabled
    429, 502-504   it is overloaded: others wait as well
    the rest       this attempt failed: redirects, refusals, resets, timeouts, addresses refused

`Retry-After` (RFC 9110 §10.2.3) is seconds or a date; it counts with any status that failed.
"""

from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Literal

Meaning = Literal["delivered", "gone", "overloaded", "failed"]
GONE = 410
OVERLOADED = frozenset({429, 502, 503, 504})
MAX_RETRY_AFTER_S = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back: a status, or in words why none did; how long it took; when to come again."""

    status: int | None
    took_ms: float
    error: str | None = None
    retry_after_s: float | None = None

    @property
    def meaning(self) -> Meaning:
        """What is to be made of it."""
        if self.status is None:
            return "failed"
        if 200 <= self.status < 300:
            return "delivered"
        if self.status == GONE:
            return "gone"
        return "overloaded" if self.status in OVERLOADED else "failed"

    @property
    def text(self) -> str:
        """In a few words, for the log."""
        return self.error or "" if self.status is None else f"HTTP {self.status}"


def parse_retry_after(value: str | None, now_s: float) -> float | None:
    """Seconds from now, bounded by 30 days; None for no header, or one that says nothing."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:12]), MAX_RETRY_AFTER_S)
    try:
        wait_s = parsedate_to_datetime(text).timestamp() - now_s
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0.0, wait_s), MAX_RETRY_AFTER_S)
