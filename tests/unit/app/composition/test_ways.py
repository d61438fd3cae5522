"""The ways out as the settings say, without a broker."""

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp
from aiohttp import web

from app.composition.ways import Ingest, ways_out
from app.metrics import Metrics
from app.record.codec import encode_record
from app.record.topics import Topics
from app.views.json_errors import json_errors
from config import Settings, load_settings
from proxy.ingest.wire import record_line
from proxy.publisher.encoding import record_message
from proxy.publisher.memory import MemoryOutlet
from tests.support.finished import finished
from tests.support.ingest import AUTHORIZED, TOKEN, Backend
from tests.support.web_server import served

AWAY = {"bootstrap_servers": "127.0.0.1:1"}
MESSAGE = record_message(finished(0).draft, Topics())


def settings(data_dir: Path, **changes: str) -> Settings:
    """Settings of a process that keeps what it has in `data_dir`."""
    environ = {"TAILRACE_DATA_DIR": str(data_dir), "TAILRACE_KAFKA__REQUEST_TIMEOUT_S": "1"}
    return load_settings({**environ, **{f"TAILRACE_{k}": v for k, v in changes.items()}})


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    """A metric's value."""
    return metrics.registry.get_sample_value(f"tailrace_{name}", labels)


async def test_without_a_broker_it_spills(tmp_path: Path) -> None:
    """And the metrics say so."""
    metrics = Metrics()
    outlet = ways_out(settings(tmp_path), metrics, AWAY, "p")
    assert await outlet.start()
    assert await outlet.deliver([MESSAGE]) == ["delivered"]
    assert outlet.state == "spilling"
    assert value(metrics, "published_total", way="spill") == 1
    assert value(metrics, "spill_messages") == 1
    assert (value(metrics, "spill_bytes") or 0) > len(MESSAGE.value)
    assert value(metrics, "spill_state", state="ok") == 1
    assert value(metrics, "spill_state", state="full") == 0
    await outlet.close()


async def test_the_fallback_comes_before_the_spill(tmp_path: Path) -> None:
    """With our own token where it has none of its own."""
    backend, metrics = Backend(), Metrics()
    async with backend.served() as url:
        for name in ("INTERNAL_TOKEN", "FALLBACK__TOKEN"):
            outlet = ways_out(
                settings(tmp_path, FALLBACK__URL=url, **{name: TOKEN}), metrics, AWAY, "p"
            )
            assert await outlet.start()
            assert await outlet.deliver([MESSAGE]) == ["delivered"]
            assert outlet.state == "fallback"
            await outlet.close()
    assert [message.value for message in backend.outlet.taken] == [MESSAGE.value] * 2
    assert value(metrics, "published_total", way="fallback") == 2


async def test_the_spill_can_be_disabled(tmp_path: Path) -> None:
    """Then nobody takes anything, and nothing is written."""
    outlet = ways_out(settings(tmp_path, SPILL__ENABLED="false"), Metrics(), AWAY, "p")
    assert not await outlet.start()
    assert await outlet.deliver([MESSAGE]) == ["retry"]
    await outlet.close()
    assert list(tmp_path.iterdir()) == []


async def test_what_is_refused_in_a_replay_is_a_drop(tmp_path: Path) -> None:
    """Counted under the publisher's own reasons."""
    metrics = Metrics()
    spilling = ways_out(settings(tmp_path), metrics, AWAY, "p")
    await spilling.start()
    await spilling.deliver([MESSAGE, replace(MESSAGE, topic="tailrace.bodies")])
    await spilling.close()
    broker = MemoryOutlet()
    broker.results.extend(["refused", "refused"])
    replaying = ways_out(settings(tmp_path), metrics, AWAY, "p")
    replaying._broker._outlet = broker
    await replaying.start()
    while replaying.state != "direct":
        await asyncio.sleep(0.005)
    await replaying.close()
    assert value(metrics, "dropped_total", reason="refused") == 1
    assert value(metrics, "dropped_total", reason="body_refused") == 1


async def test_a_worker_takes_in_records_without_a_relay(tmp_path: Path) -> None:
    """Durable in its spill while the broker is away."""
    ingest = Ingest(settings(tmp_path, INTERNAL_TOKEN=TOKEN), Metrics(), AWAY)
    web_app = web.Application(middlewares=[json_errors])
    ingest.register(web_app)
    await ingest.start()
    async with served(web_app) as url, aiohttp.ClientSession() as session:
        data = record_line(encode_record(finished(0).record))
        async with session.post(f"{url}/api/v1/log", data=data, headers=AUTHORIZED) as reply:
            assert (reply.status, (await reply.json())["accepted"]) == (202, 1)
    await ingest.stop()
    assert list((tmp_path / "spill").rglob("*records*"))
