import re
from datetime import UTC, datetime

import pytest

from app.analytics.row import COLUMNS, MAIN_KINDS, full_ref, id_at, row_in, row_of, tokens_of
from app.errors import RecordError
from app.record.codec import encode_fact
from app.record.fact import Cost
from app.record.model import Record, Timings, Usage
from app.sinks.clickhouse.migrations import migrations
from tests.support.facts import UNPRICED, fact
from tests.support.records import REQUEST_ID, STARTED_AT

MINTED_AT = datetime(2025, 3, 14, 14, 28, 12, 746_000, tzinfo=UTC)


def as_dict(of: object) -> dict[str, object]:
    return dict(zip(COLUMNS, row_of(of), strict=True))  # type: ignore[arg-type]


def test_every_member_of_a_record_has_a_column() -> None:
    row = as_dict(fact())
    apart = {"schema_version", "timings_ms", "usage"}
    assert set(Record.model_fields) - apart <= set(row)
    assert {f"{name}_ms" for name in Timings.model_fields} <= set(row)
    assert {f"{kind}_tokens" for kind in MAIN_KINDS} <= set(row)
    assert len(set(COLUMNS)) == len(COLUMNS)


def test_the_schema_has_every_column_and_fills_in_the_rest() -> None:
    (create,) = migrations()[0].statements
    made = dict(re.findall(r"^    (\w+) (.*?),?$", create, flags=re.M))
    later = "".join(statement for each in migrations() for statement in each.statements)
    made |= dict(re.findall(r"ADD COLUMN IF NOT EXISTS (\w+) (.*?)[,;]?$", later, flags=re.M))
    made = {name: how for name, how in made.items() if name != "INDEX"}
    assert set(COLUMNS) <= set(made)
    assert {name for name in set(made) - set(COLUMNS) if "DEFAULT" not in made[name]} == set()


def test_values_are_those_of_the_fact() -> None:
    row = as_dict(fact())
    assert row["request_id"] == REQUEST_ID
    assert row["total_ms"] == 1234.5
    assert row["usage"] == {"input": 1000, "output": 200, "cache_read": 512, "reasoning": 0}
    assert (row["input_tokens"], row["cache_write_tokens"]) == (1000, None)
    assert (row["cost_nano_usd"], row["prices"]) == (270_000, {"input": "0.15", "output": "0.6"})
    assert (row["epoch"], row["partition"], row["offset"]) == ("e1", 3, 77)
    assert row["version"] == int(STARTED_AT.timestamp() * 1000)
    assert row["is_error"] is False


def test_what_is_not_known_is_null_and_not_zero() -> None:
    row = as_dict(fact(UNPRICED, usage=None, status=None, outcome="timeout", model=None))
    assert row["cost_nano_usd"] is None
    assert (row["unpriced_reason"], row["prices"]) == ("unknown_model", {})
    assert (row["usage"], row["usage_estimated"], row["input_tokens"]) == ({}, None, None)
    assert (row["status"], row["model"], row["is_error"]) == (None, None, True)


def test_the_key_is_a_function_of_the_id_alone() -> None:
    keys = [
        as_dict(fact(started_at=at, produced_at=at))
        for at in (STARTED_AT, datetime(2020, 1, 1, tzinfo=UTC))
    ]
    assert len({(str(row["tenant"]), row["id_at"], row["request_id"]) for row in keys}) == 1


@pytest.mark.parametrize(
    ("request_id", "expected"),
    [
        ("0195950e-3b4a-7c3d-8e5f-0123456789ab", MINTED_AT),
        ("0195950e-3b4a-8c3d-8e5f-0123456789ab", datetime(1970, 1, 1, tzinfo=UTC)),
        ("------------------------------------", datetime(1970, 1, 1, tzinfo=UTC)),
        ("ffffffff-ffff-7fff-bfff-ffffffffffff", datetime(1970, 1, 1, tzinfo=UTC)),
    ],
)
def test_the_time_of_an_id(request_id: str, expected: datetime) -> None:
    assert id_at(request_id) == expected


def test_the_usual_reference_is_stored_without_the_id() -> None:
    for ref in (f"bodies/{REQUEST_ID}", "s3://bucket/key", None, "bodies/of-another"):
        stored = as_dict(fact(body_ref=ref))["body_ref"]
        assert full_ref(stored, REQUEST_ID) == ref  # type: ignore[arg-type]
    assert as_dict(fact())["body_ref"] == "bodies/"


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cost": Cost(nano_usd=1 << 63, price_version="v")}, "cost"),
        ({"partition": 1 << 32}, "partition"),
        ({"partition": -1}, "partition"),
        ({"offset": 1 << 63}, "offset"),
    ],
)
def test_a_number_that_does_not_fit_is_refused_and_not_wrapped(
    changes: dict[str, object], field: str
) -> None:
    with pytest.raises(RecordError, match=field) as raised:
        row_in(encode_fact(fact().model_copy(update=changes)))
    assert raised.value.reason == "invalid"


def test_kinds_that_are_new_are_counted_without_a_column() -> None:
    assert tokens_of(Usage(audio_input=3, estimated=True)) == {"audio_input": 3}
