from pathlib import Path

import pytest

from app.errors import Unavailable
from tests.support.kafkaless import engine_app


async def test_tables_are_not_ready_before_they_are_recovered(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        with pytest.raises(Unavailable, match="starting"):
            app.check_ready()
        app._served = frozenset({0})
        app.check_ready()
        app.on_rebalance_start()
        with pytest.raises(Unavailable, match="rebalancing"):
            app.check_ready()


async def test_a_failed_app_answers_nothing(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        app._served = frozenset({0})
        app.fail_stop(RuntimeError("boom"))
        with pytest.raises(Unavailable):
            app.check_ready()


async def test_only_served_partitions_are_scanned(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        app.store("t")
        app._served = frozenset({1})
        with pytest.raises(Unavailable, match="0"):
            next(app.scan("t", 0))
        with pytest.raises(Unavailable, match="0"):
            await anext(app.scan_slowly("t", 0))
