from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from app.embedded.data_dir import DataDir
from app.embedded.worker import Readiness, worker_child
from config import load_settings


def test_it_is_told_its_directory_token_and_services(tmp_path: Path) -> None:
    data_dir = DataDir.at(tmp_path)
    spec = worker_child(load_settings({}), data_dir, {"KAFKA__PARTITIONS": "4"}, "the-token")
    told = spec.environment
    assert told["TAILRACE_KAFKA__PARTITIONS"] == "4"
    assert told["TAILRACE_INTERNAL_TOKEN"] == "the-token"
    assert told["TAILRACE_DATA_DIR"] == str(data_dir.worker(embedded_broker=True))
    assert spec.command[1:] == ("-m", "app", "worker")
    assert "the-token" not in " ".join(spec.command)


def test_tables_of_the_users_own_kafka_lie_apart(tmp_path: Path) -> None:
    settings = load_settings({"TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "k:9092"})
    data_dir = DataDir.at(tmp_path)
    told = worker_child(settings, data_dir, {}, "t").environment
    assert told["TAILRACE_DATA_DIR"] == str(data_dir.worker(embedded_broker=False))


def test_its_stop_waits_for_open_streams(tmp_path: Path) -> None:
    settings = load_settings({"TAILRACE_WEB__SHUTDOWN_GRACE_S": "300"})
    assert worker_child(settings, DataDir.at(tmp_path), {}, "t").stop_timeout_s > 300


@pytest.fixture
async def worker() -> AsyncIterator[tuple[str, list[Any]]]:
    answers: list[Any] = []

    async def ready(request: web.Request) -> web.Response:
        status, body = answers.pop(0)
        return web.json_response(body, status=status)

    application = web.Application()
    application.router.add_get("/health/ready", ready)
    async with TestServer(application) as server:
        yield str(server.make_url("")).rstrip("/"), answers


async def test_ready_is_ok_and_nothing_less(worker: tuple[str, list[Any]]) -> None:
    url, answers = worker
    answers += [
        (503, {"status": "unready"}),
        (200, {"status": "degraded"}),
        (200, {"status": "ok"}),
    ]
    probe = Readiness(url, patience_s=float("inf"))
    assert [await probe() for _ in range(3)] == [False, False, True]


async def test_degraded_will_do_at_the_end_of_the_patience(worker: tuple[str, list[Any]]) -> None:
    url, answers = worker
    answers += [(200, {"status": "degraded"}), (503, {}), (200, {"status": "degraded"})]
    assert await Readiness(url, patience_s=-1)()
    assert not await Readiness(url, patience_s=-1)()
    assert not await Readiness(url, patience_s=60)()


async def test_nobody_there_is_not_ready() -> None:
    assert not await Readiness("http://127.0.0.1:9", patience_s=-1)()
