"""The consumer's thread ends, and whoever stops it hears of that, whatever its client does.

The thread and its loop are real; only the Kafka client in it is a twin.
"""

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.errors import KafkaConnectionError

from app.engine.app import StreamApp
from app.engine.fetch_waits import PromptFetcher
from tests.support.kafkaless import engine_app

LONG_S = 20.0


class Client:
    """A Kafka client whose start, stop and close do what a test says."""

    def __init__(self, **errors: BaseException) -> None:
        self.errors = errors
        self.calls: list[str] = []
        self.may_stop = threading.Event()
        self.may_stop.set()
        self.was_let_stop = False
        self._client = self
        self._fetcher = Fetcher.__new__(Fetcher)
        self._coordinator = GroupCoordinator.__new__(GroupCoordinator)
        self._sync_task: asyncio.Future[None] | None = None

    async def start(self) -> None:
        self._called("start")
        self._sync_task = asyncio.get_running_loop().create_future()

    async def stop(self) -> None:
        self.was_let_stop = self.may_stop.wait(LONG_S)
        self._called("stop")

    async def close(self) -> None:
        self._called("close")

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if name in self.errors:
            raise self.errors[name]


def thread_of(app: StreamApp, client: Client) -> Any:
    thread: Any = app.reader.client_thread
    thread._create_consumer = lambda loop: client
    return thread


async def stop_in_time(thread: Any) -> None:
    async with asyncio.timeout(LONG_S):
        await thread.stop()


async def test_a_clean_stop_ends_the_thread_and_cuts_nothing(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        client = Client()
        thread = thread_of(app, client)
        await thread.start()
        assert thread.is_running
        assert isinstance(client._fetcher, PromptFetcher)
        await stop_in_time(thread)
        assert not thread.is_running
        assert client.calls == ["start", "stop"]


@pytest.mark.parametrize(
    "error", [asyncio.CancelledError(), TimeoutError(), KafkaConnectionError("down")]
)
async def test_a_client_that_stumbles_is_cut_and_the_stop_ends(
    tmp_path: Path, error: BaseException
) -> None:
    async with engine_app(tmp_path) as app:
        client = Client(stop=error)
        thread = thread_of(app, client)
        await thread.start()
        await stop_in_time(thread)
        assert not thread.is_running
        assert client.calls == ["start", "stop", "close"]
        assert app.failure is None


@pytest.mark.parametrize("error", [asyncio.CancelledError(), RuntimeError("a bug of the client")])
async def test_the_stop_ends_even_when_the_thread_breaks_off(
    tmp_path: Path, error: BaseException
) -> None:
    async with engine_app(tmp_path) as app:
        thread = thread_of(app, Client(stop=asyncio.CancelledError(), close=error))
        await thread.start()
        await stop_in_time(thread)
        assert not thread.is_running


async def test_a_client_that_does_not_start_ends_the_incarnation(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        error = KafkaConnectionError("no broker")
        thread = thread_of(app, Client(start=error))
        with pytest.raises(KafkaConnectionError):
            await thread.start()
        await stop_in_time(thread)
        assert app.failure is error
        assert not thread.is_running


async def test_the_metadata_task_that_is_watched_has_that_name() -> None:
    """A client has none before it is connected."""
    assert AIOKafkaClient()._sync_task is None


async def test_a_client_without_metadata_ends_the_incarnation(tmp_path: Path) -> None:
    """Its task broke off: it would never find its coordinator again, nor commit."""
    async with engine_app(tmp_path) as app:
        client = Client()
        thread = thread_of(app, client)
        await thread.start()
        error = RuntimeError("a bug of the client")
        thread.thread_loop.call_soon_threadsafe(client._sync_task.set_exception, error)
        async with asyncio.timeout(LONG_S):
            await app.failed.wait()
        assert app.failure is error
        await stop_in_time(thread)


async def test_a_metadata_task_that_a_stop_cancels_is_no_failure(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        client = Client()
        thread = thread_of(app, client)
        await thread.start()
        thread.thread_loop.call_soon_threadsafe(client._sync_task.cancel)
        await stop_in_time(thread)
        await asyncio.sleep(0)
        assert app.failure is None


async def test_a_client_that_blocks_its_thread_does_not_block_the_loop(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        client = Client()
        client.may_stop.clear()
        thread = thread_of(app, client)
        thread.shutdown_timeout = 0.01  # where Faust begins to block
        await thread.start()
        asyncio.get_running_loop().call_later(0.05, client.may_stop.set)
        await stop_in_time(thread)
        assert client.was_let_stop


async def test_the_process_does_not_wait_for_the_thread_at_exit(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        thread = thread_of(app, Client())
        await thread.start()
        assert thread._thread.daemon
        await stop_in_time(thread)
