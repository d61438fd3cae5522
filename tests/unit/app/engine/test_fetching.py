from pathlib import Path

import pytest

from app.engine import fetching
from tests.support.kafkaless import engine_app


async def test_a_fetch_with_nowhere_to_put_records_waits_for_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "HELD_BACK_POLL_S", 0.001)
    async with engine_app(tmp_path) as app:
        app.consumer.resume_flow()
        assert await app.reader._fetch() is None


async def test_room_wakes_the_fetch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "HELD_BACK_POLL_S", 3600)
    async with engine_app(tmp_path) as app:
        app.consumer.resume_flow()
        app.reader.room.clear()
        waiting = app.loop.create_task(app.reader._wait_for_room())
        app.loop.call_later(0.01, app.resume, "t", 0)
        await waiting


@pytest.mark.parametrize(("held_back", "poll_s"), [(False, 1.0), (True, 0.05)])
async def test_a_fetch_is_short_while_something_is_held_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, held_back: bool, poll_s: float
) -> None:
    from faust.types import TP

    async with engine_app(tmp_path) as app:
        app.consumer.resume_flow()
        app.consumer._set_active_tps({TP("t", 0), TP("t", 1)})
        if held_back:
            app.pause("t", 1)
        asked: list[tuple[int, float]] = []

        async def getmany(wanted: set[TP], timeout_s: float) -> None:
            asked.append((len(wanted), timeout_s))

        monkeypatch.setattr(app.reader, "_getmany", getmany)
        await app.reader._fetch()
        assert asked == [(1 if held_back else 2, poll_s)]
