"""What analytics costs: rows per second of CPU, bytes per row, a dashboard over a day of 1 M rows.

    python -m tests.bench.analytics            # 100,000 rows through the agent, then 1 M in all

`rows_per_cpu_s` is of our process alone, from a message's bytes to the engine's answer, and
`rows_per_engine_cpu_s` of the engine beside it. The questions are those of a dashboard over one
day, asked right after a part of the rows was written again: each, and all of them at once. Bounds:
1 s for any of them and for all together. Exits 1 if one is broken.
"""

import argparse
import asyncio
import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvloop

from agents import analyze
from agents.dead_letters import DeadLetters
from app.analytics.listing import exchange_query, listing_of
from app.analytics.row import COLUMNS, TABLE
from app.analytics.statistics import statistics_of
from app.clock import SystemClock
from app.engine.contracts import Message, Position
from app.engine.memory import MemoryEmitter
from app.metrics import Metrics
from app.pricing import Pricer
from app.record.codec import encode_fact
from app.record.fact import Fact
from app.sinks.clickhouse.client import ClickHouse
from app.sinks.clickhouse.table_sink import TableSink
from app.sinks.watch import SinkWatch
from config.analytics_sections import AnalyticsSettings
from tests.bench.cpu import cpu_s_of
from tests.bench.paired import keep
from tests.support.analytics import EngineProcess
from tests.support.exchanges import exchanges, user_names

MAX_MS = 1000.0
DAY = timedelta(days=1)
BEGAN_AT = datetime(2026, 3, 14, tzinfo=UTC)
COPIES = 10
USERS = 2000
ROUNDS = 5
Ask = Callable[[], Coroutine[Any, Any, Any]]


def messages(count: int) -> list[Message]:
    """Facts of a tenth of a day."""
    pricer = Pricer.load()
    records = exchanges(
        3, count, users=user_names(USERS), started_at=BEGAN_AT, spacing=DAY / COPIES / count
    )
    made = []
    for offset, record in enumerate(records):
        named = record.model_copy(
            update={
                "properties": {"env": "prod", "feature": f"f-{offset % 40}"},
                "session_id": f"session-{offset // 20}",
                "provider_request_id": f"req_{record.request_id.replace('-', '')}",
                "body_ref": f"bodies/{record.request_id}",
            }
        )
        fact = Fact(
            record=named,
            cost=pricer.price(named),
            epoch="e1",
            partition=offset % 4,
            offset=offset,
            metered_at=named.produced_at,
        )
        position = Position("e1", "facts", offset % 4, offset)
        made.append(Message(record.request_id.encode(), encode_fact(fact), position, 0.0))
    return made


async def written(engine: ClickHouse, process: EngineProcess, count: int) -> dict[str, float]:
    """All messages through the agent, in batches of the settings."""
    sink = TableSink(engine, TABLE, COLUMNS, name=analyze.NAME, pause_s=0)
    metrics, clock, emitter = Metrics(), SystemClock(), MemoryEmitter()
    agent = analyze.agent_of(
        sink,
        dead=DeadLetters(emitter, "dead", stage="bench", clock=clock, metrics=metrics),
        watch=SinkWatch(sink.name, lambda: sink.state, metrics),
        clock=clock,
    )
    size, made = AnalyticsSettings().batch_records, messages(count)
    batches = [made[at : at + size] for at in range(0, count, size)]
    # the messages are the benchmark's own: they must not be looked through again and again
    gc.freeze()
    holds = asyncio.ensure_future(longest_hold_ms())
    await asyncio.sleep(0.1)
    began = (time.perf_counter(), time.process_time(), cpu_s_of(process.pid))
    for batch in batches:
        assert await agent.write(batch) == [None] * len(batch)
    took_s, cpu_s, engine_cpu_s = (
        now - then
        for now, then in zip(
            (time.perf_counter(), time.process_time(), cpu_s_of(process.pid)), began, strict=True
        )
    )
    holds.cancel()
    return {
        "rows_per_cpu_s": round(count / cpu_s),
        "rows_per_engine_cpu_s": round(count / engine_cpu_s),
        "rows_per_s": round(count / took_s),
        "loop_held_ms_max": round(HELD[0], 2),
    }


HELD = [0.0]


async def longest_hold_ms() -> None:
    """How late a task was woken that was due every millisecond, at most."""
    while True:
        began_s = time.perf_counter()
        await asyncio.sleep(0.001)
        HELD[0] = max(HELD[0], (time.perf_counter() - began_s) * 1000 - 1)


async def multiplied(engine: ClickHouse) -> None:
    """The rows of a tenth of a day become those of a day, a twentieth of them written twice."""
    step_s = int(DAY.total_seconds() / COPIES)
    changed = {name: f"{name} + toIntervalSecond(n * {step_s})" for name in ("started_at", "id_at")}
    changed["request_id"] = (
        "concat(substring(request_id, 1, 24),"
        " lower(substring(hex(sipHash64(request_id, n)), 1, 8)), substring(request_id, 33, 4))"
    )
    columns = ", ".join(COLUMNS)
    values = ", ".join(changed.get(name, name) for name in COLUMNS)
    client = engine._client
    for n in range(1, COPIES):
        await client.command(
            f"INSERT INTO {TABLE} ({columns}) SELECT {values} FROM (SELECT *, {n} AS n FROM {TABLE}"
            f" FINAL WHERE started_at < '{BEGAN_AT + DAY / COPIES:%F %T}')"
        )
    await client.command(f"OPTIMIZE TABLE {TABLE} FINAL")


async def bytes_per_row(engine: ClickHouse) -> float:
    """On the disk, compressed, the index included."""
    (row,) = await engine.query(
        "SELECT sum(bytes_on_disk) / sum(rows) AS per_row, sum(rows) AS total FROM system.parts"
        f" WHERE active AND table = '{TABLE}' AND database = currentDatabase()"
    )
    return round(row["per_row"], 1)


async def replayed(engine: ClickHouse, count: int) -> None:
    """A part of the rows once more, in a part that is not merged."""
    columns = ", ".join(COLUMNS)
    await engine._client.command("SYSTEM STOP MERGES")
    await engine._client.command(
        f"INSERT INTO {TABLE} ({columns}) SELECT {columns} FROM {TABLE}"
        f" ORDER BY started_at DESC LIMIT {count}"
    )


def questions(engine: ClickHouse, one_id: str) -> dict[str, Ask]:
    """What a dashboard asks about a day."""
    day = [("from", f"{BEGAN_AT:%F}"), ("to", f"{BEGAN_AT + DAY:%F}")]

    def stats(**more: str) -> Ask:
        question = statistics_of([*day, *more.items()], "default", 0)
        return lambda: engine.query(question.sql, question.parameters)

    page = listing_of(day, "default")
    filtered = listing_of([*day, ("user", "user-007"), ("has_error", "true")], "default")
    return {
        "overview": stats(group_by="time"),
        "top_users": stats(group_by="user", sort="cost", limit="20"),
        "top_models": stats(group_by="model", sort="cost", limit="20"),
        "totals": stats(),
        "by_property": stats(group_by="property:feature"),
        "list": lambda: engine.query(page.sql, page.parameters),
        "list_filtered": lambda: engine.query(filtered.sql, filtered.parameters),
        "one": lambda: engine.query(*exchange_query("default", one_id)),
    }


async def asked(engine: ClickHouse) -> dict[str, float]:
    """The median of a few rounds of each question, and of the dashboard's at once."""
    (row,) = await engine.query(f"SELECT request_id FROM {TABLE} LIMIT 1")
    asks, figures = questions(engine, row["request_id"]), {}
    for name, ask in asks.items():
        times = []
        for _ in range(ROUNDS):
            began_s = time.perf_counter()
            await ask()
            times.append((time.perf_counter() - began_s) * 1000)
        figures[f"{name}_ms"] = round(statistics.median(times), 1)
    together = []
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        await asyncio.gather(*(asks[n]() for n in ("overview", "top_users", "top_models", "list")))
        together.append((time.perf_counter() - began_s) * 1000)
    return figures | {"together_ms": round(statistics.median(together), 1)}


async def measure(root: Path, count: int) -> dict[str, float]:
    """All figures."""
    process = await EngineProcess(root).start()
    engine = process.client()
    await engine.start()
    try:
        figures = await written(engine, process, count)
        await multiplied(engine)
        figures["rows"] = (await engine.query(f"SELECT count() AS n FROM {TABLE} FINAL"))[0]["n"]
        figures["bytes_per_row"] = await bytes_per_row(engine)
        await replayed(engine, count // 2)
        figures |= await asked(engine)
        (row,) = await engine.query(f"SELECT count() AS n FROM {TABLE} FINAL")
        assert row["n"] == figures["rows"] == count * COPIES
        return figures
    finally:
        await engine.close()
        process.kill()


def main() -> int:
    """Measure, print, and say whether the bounds hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000, help="through the agent; ×10 in all")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        figures = uvloop.run(measure(Path(directory), args.rows))
    for name, value in figures.items():
        print(f"{name:24} {value:>12,}")
    keep("analytics", figures)
    slow = [name for name, value in figures.items() if name.endswith("_ms") and value > MAX_MS]
    print("broken bounds:", ", ".join(slow) or "none")
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
