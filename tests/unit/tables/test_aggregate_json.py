"""The answer for one user: exactly the agreed shape."""

from datetime import UTC, datetime

import pytest

from app.engine.contracts import Position
from app.record.fact import Cost
from app.record.model import OTHER_UNITS, Timings, Usage
from tables.aggregate import NEW, Aggregate, apply
from tables.aggregate_json import rfc3339, to_json
from tables.tally import TOKEN_KINDS
from tests.support.records import record

START = datetime(2026, 3, 14, 15, 9, 26, 500_000, tzinfo=UTC)
NOW_S = START.timestamp() + 10


def one() -> Aggregate:
    made = record(
        started_at=START,
        model="m",
        usage=Usage(input=10, output=2, cache_read=4),
        timings_ms=Timings(total=1000, first_token=100),
    )
    cost = Cost(nano_usd=123, price_version="v")
    return apply(None, made, cost, Position("e", "t", 0, 0), NOW_S)


def test_the_whole_answer() -> None:
    tokens = dict.fromkeys(TOKEN_KINDS, 0) | {"input": 10, "output": 2, "cache_read": 4}
    counters = {"requests": 1, "errors": 0, "unpriced_requests": 0, "cost_nano_usd": 123}
    units = dict.fromkeys(OTHER_UNITS, 0)
    bucket = counters | {"tokens": {"input": 10, "output": 2}}
    answer = to_json("default", "alice", one(), NOW_S)
    latency, first_token = answer.pop("latency_ms"), answer.pop("first_token_ms")
    assert latency == dict.fromkeys(["p50", "p95", "p99"], pytest.approx(1000, rel=0.03))
    assert first_token == dict.fromkeys(["p50", "p95", "p99"], pytest.approx(100, rel=0.03))
    assert answer == {
        "tenant": "default",
        "user": "alice",
        **counters,
        "outcomes": {"completed": 1},
        "tokens": tokens,
        "units": units,
        "by_model": {"m": counters | {"tokens": tokens, "units": units}},
        "hours": [{"at": "2026-03-14T15:00:00.000Z", **bucket}],
        "days": [{"at": "2026-03-14T00:00:00.000Z", **bucket}],
        "first_seen": "2026-03-14T15:09:26.500Z",
        "last_seen": "2026-03-14T15:09:26.500Z",
        "stale": False,
    }


def test_hours_of_a_user_long_idle_are_not_the_last_hours() -> None:
    answer = to_json("default", "alice", one(), NOW_S + 3 * 86_400)
    assert answer["hours"] == []
    assert len(answer["days"]) == 1
    assert answer["requests"] == 1


def test_quantiles_of_nothing_are_null() -> None:
    answer = to_json("default", "alice", NEW, NOW_S)
    assert answer["latency_ms"] == {"p50": None, "p95": None, "p99": None}


def test_times_are_rfc_3339_in_utc() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00.000Z"
    assert rfc3339(1_773_500_966_007) == "2026-03-14T15:09:26.007Z"
