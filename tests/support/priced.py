"""The forty exchanges whose costs were computed by hand, and what each user's add up to."""

import tomllib
from pathlib import Path
from typing import Any

from app.record.model import Record, Usage
from tests.support.records import record

_FILE = Path(__file__).parents[1] / "golden" / "pricing" / "exchanges.toml"
TABLE: dict[str, Any] = tomllib.loads(_FILE.read_text())
LINES: list[dict[str, Any]] = TABLE["exchange"]
TOTAL_NANO_USD = 3_435_863_581


def exchange(number: int, line: dict[str, Any], **changes: Any) -> Record:
    """The record of a line, changed as given."""
    started_at = line.get("started_at", TABLE["started_at"])
    return record(
        request_id=f"00000000-0000-7000-8000-{number:012x}",
        user=line["user"],
        provider=line["upstream"],
        upstream_url=TABLE["upstreams"][line["upstream"]],
        model=line["model"],
        service_tier=line.get("service_tier"),
        usage=Usage(**line["usage"]),
        started_at=started_at,
        **changes,
    )
