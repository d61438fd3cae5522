"""Forty exchanges priced by hand, through Kafka and a worker: live tables to the nano-dollar."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from app.pricing import Pricer
from tests.support.kafka import KafkaBroker
from tests.support.priced import LINES, TABLE, TOTAL_NANO_USD, exchange
from tests.support.priced_answers import DIALECTS, NAMES, answered, asked
from tests.support.processes import Process
from tests.support.produce import produce
from tests.support.totals import until_counted
from tests.support.web_server import served

LEAST_RELAYED = 30
pytestmark = [pytest.mark.kafka, pytest.mark.slow, pytest.mark.timeout(180)]


async def costs(worker: Process) -> dict[str, int]:
    """What each user cost in nano-USD, by the worker's list."""
    status, answer = await worker.get("/api/v1/users?sort=cost&limit=1000")
    assert status == 200, answer
    return {row["user"]: row["cost_nano_usd"] for row in answer["items"]}


async def test_the_sum_over_users_is_the_one_computed_by_hand(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Also after a SIGKILL, and after every record came a second time."""
    now = datetime.now(UTC)
    records = [exchange(number, line, produced_at=now) for number, line in enumerate(LINES)]
    worker = Process(
        tmp_path / "w",
        role="worker",
        kafka__bootstrap_servers=kafka_broker.bootstrap_servers,
        kafka__topic_prefix=topic_prefix,
        kafka__partitions=4,
        kafka__session_timeout_s=6,
    ).start()
    try:
        await worker.until_ready()
        await produce(kafka_broker.bootstrap_servers, records, prefix=topic_prefix)
        await until_counted(worker, len(LINES))
        assert await costs(worker) == TABLE["users"]
        worker.kill()
        again = [*records, exchange(len(LINES), LINES[0], produced_at=now)]
        await produce(kafka_broker.bootstrap_servers, again, prefix=topic_prefix)
        worker.start()
        await until_counted(worker, len(LINES) + 1)
        assert sum((await costs(worker)).values()) == TOTAL_NANO_USD + LINES[0]["nano_usd"]
    finally:
        worker.kill()


async def test_so_is_the_sum_of_what_was_relayed(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """Each provider tells its usage as its API does; what had another price then is not of now."""
    pricer, now = Pricer.load(), datetime.now(UTC)
    priced_now = [
        "started_at" not in line
        and pricer.price(exchange(number, line | {"started_at": now})).nano_usd == line["nano_usd"]
        for number, line in enumerate(LINES)
    ]
    earlier = [
        exchange(number, line, produced_at=now)
        for number, line in enumerate(LINES)
        if not priced_now[number]
    ]
    assert len(LINES) - len(earlier) >= LEAST_RELAYED
    async with served(providers()) as url:
        process = Process(
            tmp_path / "w",
            kafka__bootstrap_servers=kafka_broker.bootstrap_servers,
            kafka__topic_prefix=topic_prefix,
            kafka__partitions=4,
            kafka__session_timeout_s=6,
            upstreams=json.dumps(
                {NAMES.get(name, name): upstream(name, url) for name in TABLE["upstreams"]}
            ),
        ).start()
        try:
            await process.until_ready()
            await produce(kafka_broker.bootstrap_servers, earlier, prefix=topic_prefix)
            async with aiohttp.ClientSession() as session:
                for number, line in enumerate(LINES):
                    if priced_now[number]:
                        await relay(session, process.url, number, line)
            await until_counted(process, len(LINES))
            assert await costs(process) == TABLE["users"]
            process.kill()
            await process.start().until_ready()
            await until_counted(process, len(LINES))
            assert sum((await costs(process)).values()) == TOTAL_NANO_USD
        finally:
            process.kill()


def upstream(name: str, url: str) -> dict[str, str]:
    """The stand-in as this provider."""
    return {"base_url": url, "dialect": DIALECTS.get(name, "openai")}


def providers() -> web.Application:
    """All of them: the field `X-Line` says which exchange is to be answered."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response(answered(LINES[int(request.headers["X-Line"])]))

    web_app = web.Application()
    web_app.router.add_post("/{path:.*}", answer)
    return web_app


async def relay(
    session: aiohttp.ClientSession, url: str, number: int, line: dict[str, Any]
) -> None:
    """One call, which must be answered as the provider answers it."""
    async with session.post(
        f"{url}{asked(line)}",
        json={"model": line["model"]},
        headers={"X-Line": str(number), "Tailrace-User-Id": line["user"]},
    ) as reply:
        assert (reply.status, await reply.json()) == (200, answered(line))
