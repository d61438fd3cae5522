from typing import Any

import pytest

from app.analytics.statistics import statistics_of
from app.errors import QueryRefused
from app.record.model import OTHER_UNITS, TOKEN_KINDS

NOW_MS = 1_790_000_000_000


def asked(**parameters: str) -> Any:
    return statistics_of(list(parameters.items()), "t", NOW_MS)


def row(**changes: Any) -> dict[str, Any]:
    numbers = ("requests", "errors", "unpriced_requests", "cost_nano_usd")
    nothing = {"m_tokens": {}, "m_latency_ms": [None] * 3, "m_first_token_ms": [None] * 3}
    return {**{f"m_{name}": 0 for name in numbers}, **nothing, **changes}


def test_without_dimensions_there_is_one_group() -> None:
    question = asked()
    assert "GROUP BY" not in question.sql
    (group,) = question.answer([row(m_requests=3)])["groups"]
    assert (group["key"], group["requests"]) == ({}, 3)
    assert group["tokens"] == dict.fromkeys(TOKEN_KINDS, 0)
    assert group["units"] == dict.fromkeys(OTHER_UNITS, 0)
    assert group["latency_ms"] == {"p50": None, "p95": None, "p99": None}


def test_groups_have_their_keys_by_name() -> None:
    question = asked(group_by="time,model,property:env")
    found = row(k0="1970-01-01T00:00:00.000Z", k1="m", k2=None, m_tokens={"input": 5, "new": 1})
    answer = question.answer([found])
    (group,) = answer["groups"]
    assert group["key"] == {"time": "1970-01-01T00:00:00.000Z", "model": "m", "property:env": None}
    assert (group["tokens"]["input"], group["tokens"]["new"]) == (5, 1)
    assert answer["interval_s"] == 900
    assert answer["from"] < answer["to"]


def test_more_groups_than_are_shown_are_told() -> None:
    question = asked(group_by="user", limit="1")
    assert question.sql.endswith("LIMIT 2")
    answer = question.answer([row(k0="a"), row(k0="b")])
    assert len(answer["groups"]) == 1
    assert answer["truncated"] is True


def test_the_order_is_by_time_then_by_the_measure_then_by_key() -> None:
    assert (
        "ORDER BY k1, m_cost_nano_usd DESC, k0 LIMIT"
        in asked(group_by="user,time", sort="cost").sql
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("group_by", "colour"), ("sort", "beauty"), ("limit", "10001"), ("interval", "1h")),
        *(("from", "x"), ("cursor", "x"), ("status", "x")),
    ],
)
def test_bad_parameters_are_named(name: str, value: str) -> None:
    parameters = {"group_by": "user"} | {name: value}
    with pytest.raises(QueryRefused) as raised:
        asked(**parameters)
    assert raised.value.field == name
