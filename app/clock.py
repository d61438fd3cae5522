"""Time, injected: a `Clock` is passed to whatever asks what time it is."""

import time
from datetime import UTC, datetime
from typing import Final, Protocol

MINUTE_S: Final = 60


class Clock(Protocol):
    """Wall time for stamps, monotonic time for durations; neither blocks."""

    def now_s(self) -> float:
        """Seconds since the Unix epoch."""

    def monotonic_s(self) -> float:
        """Seconds that never go back, from an arbitrary origin."""


class SystemClock:
    """The machine's clock."""

    # The functions themselves: every chunk that is relayed asks for the time.
    now_s = staticmethod(time.time)
    monotonic_s = staticmethod(time.monotonic)


class ManualClock:
    """A clock for tests: it stands until it is moved."""

    def __init__(self, now_s: float = 1_700_000_000.0) -> None:
        self._now_s = now_s
        self._monotonic_s = 0.0

    def now_s(self) -> float:
        """Seconds since the Unix epoch, as set."""
        return self._now_s

    def monotonic_s(self) -> float:
        """Seconds moved so far."""
        return self._monotonic_s

    def advance(self, seconds: float) -> None:
        """Move both times on."""
        self._now_s += seconds
        self._monotonic_s += seconds

    def jump(self, seconds: float) -> None:
        """Move the wall time alone, as an administrator or a bad NTP server would."""
        self._now_s += seconds


def utc(epoch_s: float) -> datetime:
    """Seconds since the Unix epoch as an aware UTC datetime."""
    return datetime.fromtimestamp(epoch_s, UTC)


def minute_of(epoch_s: float) -> int:
    """Minutes since the Unix epoch, whole ones."""
    return int(epoch_s // MINUTE_S)
