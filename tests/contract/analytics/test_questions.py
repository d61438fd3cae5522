"""The SQL of list, exchange and statistics on the real engine, against plain sums over records."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from statistics import quantiles as quantiles_of
from typing import Any

import pytest

from app.analytics.exchange import exchange_json
from app.analytics.listing import exchange_query, listing_of
from app.analytics.row import COLUMNS, TABLE, row_of
from app.analytics.statistics import statistics_of
from app.record.fact import Fact
from app.record.model import OTHER_UNITS, TOKEN_KINDS
from app.sinks.clickhouse.client import ClickHouse
from tests.support.analytics import EngineProcess
from tests.support.embedded import needs_embedded
from tests.support.exchanges import STARTED_AT, exchanges
from tests.support.facts import PRICED, UNPRICED, fact_of
from tests.support.records import record

pytestmark = [pytest.mark.embedded, needs_embedded]

SESSION = "5b0f3d0a-6a41-4a9b-a2a6-0b5b7f0a9c11"
NASTY = "O'Neil\\ {p:String} \" ; -- 😀"
MS = timedelta(milliseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NOW_MS = (STARTED_AT + timedelta(hours=2) - EPOCH) // MS
FROM = (STARTED_AT - timedelta(hours=1)).isoformat().replace("+00:00", "Z")


def made_facts() -> list[Fact]:
    records = [
        each.model_copy(update={"properties": {"env": "prod" if number % 3 else NASTY}})
        for number, each in enumerate(exchanges(7, 400, spacing=timedelta(seconds=3)))
    ]
    strange = {"producer_id": "p", "sequence": 1, "started_at": STARTED_AT, "properties": {}}
    records += [
        record(request_id="00000000-0000-8000-8000-000000000001", user=NASTY, **strange),
        record(request_id="00000000-0000-8000-8000-000000000002", user="no-usage", usage=None),
    ]
    records[-1] = records[-1].model_copy(update={"started_at": STARTED_AT})
    return [
        fact_of(each, UNPRICED if number % 5 == 0 else PRICED, offset=number)
        for number, each in enumerate(records)
    ]


FACTS = made_facts()


@pytest.fixture(scope="module")
def filled(analytics_engine: EngineProcess) -> str:
    """A database that holds all facts, many of them several times in parts not merged yet."""
    asyncio.run(fill(analytics_engine, "questions"))
    return "questions"


async def fill(analytics_engine: EngineProcess, database: str) -> None:
    client = analytics_engine.client(database)
    rows = [row_of(each) for each in FACTS]
    await client.start()
    await client._client.command("SYSTEM STOP MERGES")
    for start in range(0, len(rows), 150):
        await client.insert(TABLE, COLUMNS, rows[start : start + 200])
    await client.insert(TABLE, COLUMNS, rows[::3])
    foreign = row_of(fact_of(record(tenant="other", user="spy")))
    await client.insert(TABLE, COLUMNS, [foreign])
    await client.close()


@pytest.fixture
async def engine(analytics_engine: EngineProcess, filled: str) -> AsyncIterator[ClickHouse]:
    client = analytics_engine.client(filled)
    yield client
    await client.close()


async def page(engine: ClickHouse, *pairs: tuple[str, str], tenant: str = "default") -> Any:
    listing = listing_of(pairs, tenant)
    return listing.answer(await engine.query(listing.sql, listing.parameters))


async def ids(engine: ClickHouse, *pairs: tuple[str, str]) -> list[str]:
    answer = await page(engine, ("limit", "1000"), *pairs)
    return [item["request_id"] for item in answer["items"]]


def in_order(facts: Iterable[Fact]) -> list[str]:
    records = [each.record for each in facts]
    records.sort(key=lambda each: ((each.started_at - EPOCH) // MS, each.request_id), reverse=True)
    return [each.request_id for each in records]


async def test_every_exchange_is_listed_once_newest_first(engine: ClickHouse) -> None:
    assert await ids(engine) == in_order(FACTS)


async def test_pages_continue_where_the_last_one_ended(engine: ClickHouse) -> None:
    seen: list[str] = []
    cursor: str | None = None
    while cursor is not None or not seen:
        pairs = [("limit", "37"), *([("cursor", cursor)] if cursor else [])]
        answer = await page(engine, *pairs)
        seen += [item["request_id"] for item in answer["items"]]
        cursor = answer["next_cursor"]
    assert seen == in_order(FACTS)


Wanted = Callable[[Fact], bool]
FAILED = {"upstream_error", "timeout", "refused"}


def failed(of: Fact) -> bool:
    return of.record.outcome in FAILED


def model(of: Fact) -> str | None:
    return of.record.model or of.record.model_requested


def of_users(*names: str) -> Wanted:
    return lambda f: f.record.user in names


def started(after_m: int, before_m: int) -> Wanted:
    begin, end = (STARTED_AT + timedelta(minutes=m) for m in (after_m, before_m))
    return lambda f: begin <= f.record.started_at < end


FILTERS: list[tuple[list[tuple[str, str]], Wanted]] = [
    ([("user", NASTY)], of_users(NASTY)),
    ([("user", "user-001"), ("user", "user-002")], of_users("user-001", "user-002")),
    (
        [("provider", "openai"), ("model", "gpt-4o")],
        lambda f: f.record.provider == "openai" and model(f) == "gpt-4o",
    ),
    ([("status", "5xx")], lambda f: (f.record.status or 0) // 100 == 5),
    ([("status", "200")], lambda f: f.record.status == 200),
    ([("status", "200,5xx")], lambda f: f.record.status is not None),
    ([("outcome", "timeout,refused")], lambda f: f.record.outcome in {"timeout", "refused"}),
    ([("property.env", NASTY)], lambda f: f.record.properties.get("env") == NASTY),
    ([("property.number", "0")], lambda f: False),
    ([("has_error", "true")], failed),
    (
        [("has_error", "false"), ("unpriced", "true")],
        lambda f: f.cost.nano_usd is None and not failed(f),
    ),
    ([("has_body", "true")], lambda f: f.record.request_body == "kept"),
    ([("min_cost_nano_usd", "1")], lambda f: f.cost.nano_usd is not None),
    ([("max_cost_nano_usd", "1")], lambda f: False),
    (
        [("min_latency_ms", "1000"), ("max_latency_ms", "2000")],
        lambda f: 1000 <= f.record.timings_ms.total <= 2000,
    ),
    ([("session_id", SESSION)], lambda f: f.record.session_id is not None),
    ([("from", "2026-03-14T15:05:00Z"), ("to", "2026-03-14T15:06:00Z")], started(5, 6)),
]


@pytest.mark.parametrize(
    ("pairs", "wanted"), FILTERS, ids=[str(pairs)[:40] for pairs, _ in FILTERS]
)
async def test_filters(
    engine: ClickHouse, pairs: list[tuple[str, str]], wanted: Callable[[Fact], bool]
) -> None:
    assert await ids(engine, *pairs) == in_order(filter(wanted, FACTS))


async def test_a_tenant_sees_its_own_alone(engine: ClickHouse) -> None:
    answer = await page(engine, tenant="other")
    assert [item["user"] for item in answer["items"]] == ["spy"]
    spy = answer["items"][0]["request_id"]
    assert await engine.query(*exchange_query("default", spy)) == []
    assert spy not in await ids(engine)


@pytest.mark.parametrize("number", [0, 123, 400, 401])
async def test_one_exchange_comes_back_whole(engine: ClickHouse, number: int) -> None:
    wanted = FACTS[number]
    (row,) = await engine.query(*exchange_query("default", wanted.record.request_id))
    answer = exchange_json(row)
    expected = wanted.record.model_dump(exclude={"schema_version", "usage"})
    for name in ("started_at", "produced_at"):
        text = expected.pop(name).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert answer[name] == text
    timings = {name: ms for name, ms in expected.pop("timings_ms").items() if ms is not None}
    stored = {name: ms for name, ms in answer["timings_ms"].items() if ms is not None}
    assert stored == pytest.approx(timings, rel=1e-6)
    assert {name: answer[name] for name in expected} == expected
    usage = wanted.record.usage
    assert answer["usage"] == (None if usage is None else usage.model_dump(exclude_none=True))
    assert answer["cost_nano_usd"] == wanted.cost.nano_usd
    assert answer["prices"] == (wanted.cost.prices or {})
    assert (answer["epoch"], answer["offset"]) == (wanted.epoch, wanted.offset)


async def groups(engine: ClickHouse, **parameters: str) -> list[dict[str, Any]]:
    question = statistics_of(list(({"from": FROM} | parameters).items()), "default", NOW_MS)
    rows = await engine.query(question.sql, question.parameters)
    return question.answer(rows)["groups"]  # type: ignore[no-any-return]


def sums(facts: list[Fact]) -> dict[str, Any]:
    usages = [each.record.usage for each in facts if each.record.usage is not None]
    return {
        "requests": len(facts),
        "errors": sum(map(failed, facts)),
        "unpriced_requests": sum(each.cost.nano_usd is None for each in facts),
        "cost_nano_usd": sum(each.cost.nano_usd or 0 for each in facts),
        "tokens": {kind: sum(getattr(each, kind) or 0 for each in usages) for kind in TOKEN_KINDS},
        "units": {unit: sum(getattr(each, unit) or 0 for each in usages) for unit in OTHER_UNITS},
    }


def grouped(key: Callable[[Fact], Any], facts: list[Fact]) -> dict[Any, dict[str, Any]]:
    by_key = sorted(facts, key=lambda each: repr(key(each)))
    return {name: sums(list(part)) for name, part in groupby(by_key, key=key)}


DIMENSIONS: dict[str, Callable[[Fact], Any]] = {
    "user": lambda f: f.record.user,
    "model": model,
    "provider": lambda f: f.record.provider,
    "status": lambda f: f.record.status,
    "outcome": lambda f: f.record.outcome,
    "session_id": lambda f: f.record.session_id,
    "property:env": lambda f: f.record.properties.get("env"),
}


@pytest.mark.parametrize("name", list(DIMENSIONS))
async def test_sums_by_dimension(engine: ClickHouse, name: str) -> None:
    found = await groups(engine, group_by=name)
    expected = grouped(DIMENSIONS[name], FACTS)
    assert {each["key"][name]: {m: each[m] for m in sums([])} for each in found} == expected
    counts = [each["requests"] for each in found]
    assert counts == sorted(counts, reverse=True)


async def test_sums_by_time(engine: ClickHouse) -> None:
    def minutes(of: Fact) -> str:
        at = of.record.started_at.replace(second=0, microsecond=0)
        return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    found = await groups(engine, group_by="time,provider", interval="1m")
    expected = grouped(lambda f: (minutes(f), f.record.provider), FACTS)
    assert {
        (each["key"]["time"], each["key"]["provider"]): {m: each[m] for m in sums([])}
        for each in found
    } == expected
    times = [each["key"]["time"] for each in found]
    assert times == sorted(times)


async def test_one_group_of_all_and_of_none(engine: ClickHouse) -> None:
    (everything,) = await groups(engine)
    assert {m: everything[m] for m in sums([])} == sums(FACTS)
    (nothing,) = await groups(engine, user="nobody")
    assert {m: nothing[m] for m in sums([])} == sums([])
    assert nothing["latency_ms"] == {"p50": None, "p95": None, "p99": None}
    assert await groups(engine, user="nobody", group_by="model") == []


async def test_quantiles_are_those_of_the_durations(engine: ClickHouse) -> None:
    (found,) = await groups(engine)
    cuts = quantiles_of([f.record.timings_ms.total for f in FACTS], n=100, method="inclusive")
    assert found["latency_ms"] == pytest.approx(
        {"p50": cuts[49], "p95": cuts[94], "p99": cuts[98]}, rel=1e-3
    )
    firsts = [f.record.timings_ms.first_token for f in FACTS]
    cuts = quantiles_of([each for each in firsts if each is not None], n=100, method="inclusive")
    assert found["first_token_ms"]["p95"] == pytest.approx(cuts[94], rel=1e-3)


@pytest.mark.parametrize("sort", ["cost", "tokens", "errors"])
async def test_the_first_groups_by_a_measure(engine: ClickHouse, sort: str) -> None:
    def measure(of: dict[str, Any]) -> int:
        by_name = {"cost": of["cost_nano_usd"], "errors": of["errors"]}
        return int(by_name.get(sort, of["tokens"]["input"] + of["tokens"]["output"]))

    found = await groups(engine, group_by="user", sort=sort, limit="5")
    expected = sorted(map(measure, grouped(DIMENSIONS["user"], FACTS).values()), reverse=True)
    assert [measure(each) for each in found] == expected[:5]
