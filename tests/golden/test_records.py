"""Golden records: every message ever written in version 1 decodes for ever, with the same meaning.

A file here is never changed, only added to.
"""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.record.codec import decode_record, encode_record
from app.record.model import Record, Timings, Usage

FOLDER = Path(__file__).parent / "records"
FILES = sorted(FOLDER.glob("v1-*.json"))


def golden(name: str) -> Record:
    return decode_record((FOLDER / f"{name}.json").read_bytes())


def known(tree: dict[str, Any], model: Record | Usage | Timings) -> dict[str, Any]:
    """The part of a message that this version knows, times and null fields aside."""
    return {
        name: value
        for name, value in tree.items()
        if name in type(model).model_fields and value is not None and not name.endswith("_at")
    }


def test_there_are_golden_records() -> None:
    assert len(FILES) >= 7


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_golden_record_decodes_and_keeps_what_it_said(file: Path) -> None:
    said = json.loads(file.read_bytes())
    record = decode_record(file.read_bytes())
    written = json.loads(encode_record(record))
    for name, value in known(said, record).items():
        part = getattr(record, name)
        assert written[name] == value or known(value, part).items() <= written[name].items()
    assert decode_record(encode_record(record)) == record


def test_the_minimal_record_means_what_it_meant() -> None:
    assert golden("v1-minimal") == Record(
        schema_version=1,
        tenant="default",
        request_id="0195950e-3b4a-7c3d-8e5f-0123456789ab",
        user="anonymous",
        producer_id="proxy-7f9c",
        sequence=7,
        produced_at=datetime(2026, 3, 14, 15, 9, 27, 250000, tzinfo=UTC),
        attempt=0,
        provider="openai",
        dialect="openai",
        upstream_url="https://api.openai.com/v1",
        path="/v1/chat/completions",
        method="POST",
        started_at=datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC),
        outcome="refused",
        timings_ms=Timings(total=812.5),
        usage=None,
        request_body="empty",
        response_body="empty",
    )


def test_counts_survive_to_the_last_token() -> None:
    assert golden("v1-anthropic-cached").usage == Usage(
        input=12000, output=900, cache_read=8000, cache_write=3000, cache_write_1h=1000
    )
    assert golden("v1-newer-producer").usage == Usage(input=1, output=2)
    assert golden("v1-upstream-error").usage is None


def test_other_zones_are_read_as_utc() -> None:
    other, plain = golden("v1-other-zone"), golden("v1-minimal")
    assert (other.started_at, other.produced_at) == (plain.started_at, plain.produced_at)
    assert other.started_at.tzinfo is UTC
