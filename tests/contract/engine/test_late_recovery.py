"""A step of a recovery that takes too long: stock Faust never recovers again, and says nothing."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError
from faust.types import TP

from tests.support.kafkaless import GENERATION, engine_app, stock_app

TIMEOUT_S = 0.1


class Away:
    """A consumer whose changelog has no leader: its client asks again and again."""

    async def highwaters(self, *tps: TP) -> Any:
        await asyncio.Event().wait()


async def _recover(app: Any, table: Any) -> "asyncio.Task[None]":
    """Faust's own recovery of one partition, begun."""
    changelog = TP(table.changelog_topic.get_topic_name(), 0)
    recovery = app.tables.recovery
    app.conf.broker_request_timeout = TIMEOUT_S
    app.consumer.highwaters = Away().highwaters
    app._producer = SimpleNamespace(flush=_at_once)
    recovery.active_tps.add(changelog)
    recovery.tp_to_table[changelog] = table
    recovery._generation_id = GENERATION
    recovery.recovery_delay = 0
    recovery.signal_recovery_start.set()
    return asyncio.ensure_future(type(recovery)._restart_recovery.fun(recovery))


async def _at_once() -> None: ...


async def test_stock_ends_its_recovery_and_tells_nobody(tmp_path: Path) -> None:
    async with stock_app(tmp_path, store="memory://") as app:
        recovering = await _recover(app, app.Table("t", key_type=bytes, value_type=bytes))
        await recovering
        assert not app.should_stop
        assert not app.tables.recovery.should_stop


async def test_a_recovery_that_takes_too_long_is_a_failure(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        app.store("t")
        recovering = await _recover(app, app.tables["t"])
        with pytest.raises(KafkaTimeoutError):
            await recovering
        assert isinstance(app.failure, KafkaTimeoutError)


async def test_a_recovery_that_is_stopped_is_none(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        app.store("t")
        recovering = await _recover(app, app.tables["t"])
        app.tables.recovery._stopped.set()
        await recovering
        assert app.failure is None
