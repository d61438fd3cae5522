"""One scenario's outcome: what was sent, what became of it, and whether that is within bounds."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

OUT = Path("build/chaos")
COLUMNS = ("scenario", "sent", "stored", "duplicated", "lost", "p99_ms", "peak_rss_mb", "notes")


@dataclass(slots=True)
class Row:
    """`stored` are distinct exchanges counted of those sent; `duplicated` were counted again.

    `p99_ms` is the worst over windows of five seconds, `peak_rss_mb` that of the largest process.
    """

    scenario: str
    sent: int
    stored: int
    duplicated: int
    lost: int
    p99_ms: float = 0.0
    peak_rss_mb: float = 0.0
    notes: str = ""
    may_lose: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def broken(self) -> list[str]:
        """What is out of bounds."""
        found = list(self.faults)
        if self.duplicated:
            found.append(f"{self.duplicated} counted twice")
        if self.lost > self.may_lose:
            found.append(f"{self.lost} lost, {self.may_lose} may be")
        if self.sent == 0:
            found.append("nothing was sent")
        return found


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---" * len(COLUMNS) + "|"]
    for row in rows:
        values = {
            **asdict(row),
            "p99_ms": f"{row.p99_ms:.0f}",
            "peak_rss_mb": f"{row.peak_rss_mb:.0f}",
        }
        lines.append("| " + " | ".join(str(values[name]) for name in COLUMNS) + " |")
    return "\n".join(lines)


def keep(rows: Sequence[Row], name: str = "chaos") -> Path:
    """Write the rows as JSON under build/chaos/."""
    OUT.mkdir(parents=True, exist_ok=True)
    path = OUT / f"{name}.json"
    path.write_text(json.dumps([asdict(row) for row in rows], indent=1))
    return path
