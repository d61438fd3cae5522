"""`tailrace up` as a user runs it: ready, stopped, started again, killed, its children killed."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from app.embedded.data_dir import DataDir
from tests.support.embedded import needs_embedded, preferred_ports
from tests.support.kafka import KafkaBroker
from tests.support.pids import alive, children_of, until_gone
from tests.support.processes import Process

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    preferred_ports,
    needs_embedded,
]
PROGRAMS = ("tansu", "weed", "analytics_child", "app worker")
CALL = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "hello"}]}

Start = Callable[..., Process]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts `tailrace up` on one data directory; the leash ends what a failed test leaves."""
    started: list[Process] = []

    def begin(directory: str = "data", **settings: Any) -> Process:
        command = [sys.executable, "-m", "app", "up"]
        process = Process(tmp_path / directory, command=command, **settings)
        started.append(process.start())
        return process

    yield begin
    for process in started:
        process.kill()


def output(process: Process) -> str:
    return process.log_path.read_text()


async def until(process: Process, text: str, timeout_s: float = 90) -> None:
    deadline = time.monotonic() + timeout_s
    while text not in output(process):
        assert time.monotonic() < deadline, f"no {text!r} in:\n{output(process)}"
        await asyncio.sleep(0.05)


async def exit_code(process: Process, timeout_s: float = 120) -> int:
    assert process.popen is not None
    return await asyncio.to_thread(process.popen.wait, timeout_s)


def named(process: Process) -> dict[str, int]:
    """The children's ids by the program they run."""
    found = children_of(process.pid)
    return {name: pid for name in PROGRAMS for pid, args in found.items() if name in args}


async def call(process: Process) -> str:
    """One exchange; its request id."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"{process.url}/mock/v1/chat/completions",
            json=CALL,
            headers={"Tailrace-User-Id": "alice"},
        ) as response,
    ):
        assert response.status == 200, await response.text()
        return response.headers["tailrace-request-id"]


async def until_counted(process: Process, requests: int) -> None:
    for _ in range(300):
        status, answer = await process.get("/api/v1/users/alice")
        if status == 200 and answer["requests"] == requests:
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{status} {answer}")


async def test_stopped_and_started_again(start: Start) -> None:
    first = start()
    await until(first, "Tailrace is ready.")
    await until(first, "Ctrl-C stops everything.")
    assert output(first).count("\ncurl ") == 2
    assert "earlier runs" not in output(first)
    instance = DataDir.at(first.data_dir).read_instance()
    assert (instance["pid"], instance["url"]) == (first.pid, first.url)
    await call(first)
    await until_counted(first, 1)
    pids = named(first)
    assert pids.keys() == set(PROGRAMS)
    last = await call(first)
    os.kill(first.pid, signal.SIGINT)
    assert await exit_code(first) == 0
    until_gone(*pids.values())
    assert not DataDir.at(first.data_dir).instance_path.exists()

    second = start()
    await until(second, "Ctrl-C stops everything.")
    assert "Topics and live tables start empty; bodies and analytics" in output(second)
    assert (await second.get("/api/v1/users/alice"))[0] == 404
    status, bodies = await second.get(f"/api/v1/exchanges/{last}/body")
    assert status == 200, f"the last call's bodies went with the broker: {bodies}"
    assert json.loads(bodies["request"]["data"]) == CALL
    assert json.loads(bodies["response"]["data"])["object"] == "chat.completion"
    status, listed = await second.get("/api/v1/exchanges?user=alice")
    assert (status, len(listed["items"])) == (200, 2)
    assert listed["items"][0]["request_id"] == last
    again = json.loads(DataDir.at(second.data_dir).instance_path.read_text())
    assert again["epoch"] != instance["epoch"]
    assert again["s3"]["S3__ACCESS_KEY_ID"] == instance["s3"]["S3__ACCESS_KEY_ID"]
    await call(second)
    await until_counted(second, 1)
    pids = named(second)
    assert second.stop() == 0
    until_gone(*pids.values())


async def test_a_killed_parent_leaves_nothing_running(start: Start) -> None:
    process = start()
    await until(process, "Tailrace is ready.")
    pids = named(process)
    assert len(pids) == len(PROGRAMS)
    process.kill()
    until_gone(*pids.values())
    again = start()
    await until(again, "Tailrace is ready.")
    assert again.stop() == 0


async def test_stopped_while_it_starts(start: Start) -> None:
    process = start()
    await until(process, "starting on")
    while not (pids := children_of(process.pid)):
        await asyncio.sleep(0.01)
    assert process.stop() == 0
    until_gone(*pids)
    assert "Tailrace is ready." not in output(process)


async def test_a_dead_object_store_is_started_again_and_a_dead_broker_ends_all(
    start: Start,
) -> None:
    process = start()
    await until(process, "Tailrace is ready.")
    pids = named(process)
    for name, says in (("weed", "object store"), ("analytics_child", "analytics engine")):
        os.kill(pids[name], signal.SIGKILL)
        await until(process, f"the {says} is back")
    await call(process)
    await until_counted(process, 1)
    last = named(process)
    assert last["app worker"] == pids["app worker"]
    os.kill(last["tansu"], signal.SIGKILL)
    assert await exit_code(process) == 1
    (line,) = [line for line in output(process).splitlines() if line.startswith("tailrace: ")]
    assert "the broker has ended (SIGKILL)" in line
    assert "run `tailrace up` again" in line
    until_gone(*last.values())


async def test_a_dead_worker_ends_all(start: Start) -> None:
    process = start()
    await until(process, "Tailrace is ready.")
    pids = named(process)
    os.kill(pids["app worker"], signal.SIGKILL)
    assert await exit_code(process) == 1
    assert "tailrace: the worker has ended (SIGKILL)" in output(process)
    until_gone(*pids.values())


async def test_refused_in_one_line(start: Start) -> None:
    process = start()
    await until(process, "Tailrace is ready.")
    pids = named(process)
    same_directory = start()
    assert await exit_code(same_directory) == 2
    (line,) = output(same_directory).splitlines()
    assert f"in use by process {process.pid}" in line
    assert "TAILRACE_DATA_DIR" in line
    same_port = start("other", port=process.port)
    assert await exit_code(same_port) == 2
    (line,) = output(same_port).splitlines()
    assert f"port {process.port} " in line
    assert "TAILRACE_WEB__PORT" in line
    assert all(alive(pid) for pid in pids.values())
    assert process.stop() == 0


@pytest.mark.kafka
async def test_on_a_kafka_of_ones_own_a_dead_worker_is_started_again_with_its_totals(
    start: Start, kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    process = start(
        kafka__bootstrap_servers=kafka_broker.bootstrap_servers,
        kafka__topic_prefix=topic_prefix,
        kafka__partitions=4,
        kafka__session_timeout_s=6,
    )
    await until(process, "Tailrace is ready.")
    pids = named(process)
    assert pids.keys() == {"weed", "analytics_child", "app worker"}
    assert "Not durable" not in output(process)
    for _ in range(3):
        await call(process)
    await until_counted(process, 3)
    os.kill(pids["app worker"], signal.SIGKILL)
    await until(process, "the worker is back")
    await until_counted(process, 3)
    assert process.stop() == 0
