"""How a spill is kept."""

from dataclasses import dataclass
from typing import Literal

Fsync = Literal["always", "interval", "never"]
MIB = 1 << 20
SEGMENTS_PER_LIMIT = 8


@dataclass(frozen=True, slots=True)
class SpillOptions:
    """Limits of one process's spill, and when it is brought to the device.

    `fsync`: `always` before an append is answered, `interval` every `fsync_interval_s`, `never`
    leaves it to the system. Whatever it is, the end of our process loses nothing that was
    appended; only the end of the machine may. `max_age_s` is the age of a segment's first message.
    """

    max_bytes: int = 1024 * MIB
    fsync: Fsync = "interval"
    fsync_interval_s: float = 1.0
    segment_bytes: int = 8 * MIB
    segment_age_s: float = 300.0
    max_age_s: float = 3 * 86_400.0

    @property
    def seal_bytes(self) -> int:
        """How long a segment grows: short enough that giving one up gives up little."""
        return min(self.segment_bytes, self.max_bytes // SEGMENTS_PER_LIMIT)
