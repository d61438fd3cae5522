from typing import Any

from app.analytics.exchange import BRIEF, WHOLE, exchange_json
from app.analytics.row import COLUMNS, row_of
from tests.support.facts import fact
from tests.support.records import REQUEST_ID, record


def row(**changes: Any) -> dict[str, Any]:
    values = dict(zip(COLUMNS, row_of(fact(**changes)), strict=True))
    return values | {"stored_at": "2026-01-01T00:00:00.000Z"}


def test_the_whole_has_every_member_of_the_record() -> None:
    answer = exchange_json({name: row()[name] for name in WHOLE})
    expected = record().model_dump()
    del expected["schema_version"]
    assert answer["timings_ms"] == expected.pop("timings_ms")
    usage = {kind: count for kind, count in expected.pop("usage").items() if count is not None}
    assert answer["usage"] == usage
    assert {name: answer[name] for name in expected} == expected
    assert answer["cost_nano_usd"] == 270_000
    assert answer["prices"] == {"input": "0.15", "output": "0.6"}
    assert answer["stored_at"] == "2026-01-01T00:00:00.000Z"
    assert "id_at" not in answer
    assert "version" not in answer


def test_the_brief_one_says_the_same() -> None:
    whole = exchange_json(row())
    brief = exchange_json({name: row()[name] for name in BRIEF})
    assert brief == {name: whole[name] for name in brief}
    assert brief["body_ref"] == f"bodies/{REQUEST_ID}"


def test_no_usage_is_null() -> None:
    assert exchange_json(row(usage=None))["usage"] is None
