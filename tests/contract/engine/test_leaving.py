"""Leaving partitions: stock Faust waits for ever; the engine waits, commits and releases."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from tests.support.kafkaless import TOPIC, engine_app, stock_app, take

SOURCE = TP(TOPIC, 0)


async def test_stock_waits_for_an_event_that_never_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stock_app(tmp_path) as app:
        consumer: Any = app.consumer
        rounds = 0

        async def no_ack(timeout: float) -> None:
            nonlocal rounds
            rounds += 1
            await asyncio.sleep(0)

        monkeypatch.setattr(consumer, "_wait_for_ack", no_ack)
        held = take(consumer, 0)
        waiting = asyncio.ensure_future(consumer.wait_empty())
        while rounds < 10:
            await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()
        del held


async def test_the_engine_waits_for_the_drain_time_and_releases_without_an_ack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_app(tmp_path, drain_timeout_s=0.05) as app:
        consumer = app.reader
        committed: list[Any] = []

        async def commit(offsets: Any) -> bool:
            committed.append(dict(offsets))
            return True

        monkeypatch.setattr(consumer, "assignment", lambda: {SOURCE})
        monkeypatch.setattr(consumer, "_commit", commit)
        messages = take(consumer, 0, 1, 2)
        messages[0].ack(consumer)
        messages[2].ack(consumer)
        await consumer.wait_empty()
        consumer._leave()
        messages[1].ack(consumer)
        await consumer.commit()
        assert committed == [{SOURCE: 1}]
        assert not consumer._unacked_messages


async def test_events_that_end_in_the_drain_time_are_committed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_app(tmp_path) as app:
        consumer = app.reader
        committed: list[Any] = []

        async def commit(offsets: Any) -> bool:
            committed.append(dict(offsets))
            return True

        monkeypatch.setattr(consumer, "assignment", lambda: {SOURCE})
        monkeypatch.setattr(consumer, "_commit", commit)
        messages = take(consumer, 0, 1)
        waiting = asyncio.ensure_future(consumer.wait_empty())
        await asyncio.sleep(0)
        messages[1].ack(consumer)
        messages[0].ack(consumer)
        await waiting
        assert committed[-1] == {SOURCE: 2}


async def test_stock_forgets_acks_at_a_revoke_before_it_commits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with stock_app(tmp_path) as app:
        committed = await _revoke_with_one_ack(app, app.consumer, monkeypatch)
        assert committed == []


async def test_the_engine_commits_at_a_revoke_before_it_forgets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with engine_app(tmp_path) as app:
        committed = await _revoke_with_one_ack(app, app.reader, monkeypatch)
        assert committed == [{SOURCE: 1}]
        assert not app.reader._acked
        assert app.reader.reading_generation is None


async def _revoke_with_one_ack(
    app: Any, consumer: Any, monkeypatch: pytest.MonkeyPatch
) -> list[dict[TP, int]]:
    committed: list[dict[TP, int]] = []

    async def commit(offsets: Any) -> bool:
        committed.append(dict(offsets))
        return True

    monkeypatch.setattr(consumer, "assignment", lambda: {SOURCE})
    monkeypatch.setattr(consumer, "_commit", commit)
    monkeypatch.setattr(app.producer, "flush", lambda: asyncio.sleep(0))
    take(consumer, 0)[0].ack(consumer)
    await consumer.on_partitions_revoked({SOURCE})
    return committed
