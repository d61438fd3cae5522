import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaConnectionError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from faust.types import TP

from app.engine.app import StreamApp
from tests.support.kafkaless import engine_app


class Client:
    """A Kafka client whose commits and stop raise what a test says."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error
        self.commits: list[Any] = []
        self.cut = False
        self._client = self

    async def commit(self, offsets: Any) -> None:
        self.commits.append(offsets)
        self._raise()

    async def stop(self) -> None:
        self._raise()

    async def close(self) -> None:
        self.cut = True

    def _raise(self) -> None:
        if self.error is not None:
            raise self.error


def thread_of(app: StreamApp, client: Client) -> Any:
    thread: Any = app.reader.client_thread
    thread._consumer = client
    return thread


async def test_a_commit_carries_kafkas_types(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        client = Client()
        assert await thread_of(app, client)._commit({TP("t", 1): 7}) is True
        assert client.commits == [{TopicPartition("t", 1): OffsetAndMetadata(7, "")}]


@pytest.mark.parametrize("error", [CommitFailedError("rebalanced"), IllegalStateError("gone")])
async def test_a_group_that_moved_on_is_no_failure(tmp_path: Path, error: Exception) -> None:
    async with engine_app(tmp_path) as app:
        assert await thread_of(app, Client(error))._commit({TP("t", 1): 7}) is False
        assert app.failure is None


async def test_another_error_comes_out(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        with pytest.raises(KafkaConnectionError):
            await thread_of(app, Client(KafkaConnectionError("down")))._commit({TP("t", 1): 7})


@pytest.mark.parametrize(
    "error", [KafkaConnectionError("down"), OSError("reset"), asyncio.CancelledError()]
)
async def test_a_client_that_stumbles_at_its_stop_is_cut(
    tmp_path: Path, error: BaseException
) -> None:
    async with engine_app(tmp_path) as app:
        client = Client(error)
        await thread_of(app, client).on_thread_stop()
        assert client.cut


async def test_a_thread_that_never_started_stops_at_once(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        thread = app.reader.client_thread
        await thread.stop()
        assert thread.thread_loop.is_closed()
        assert not thread.is_running
