"""Without a broker; with one: tests/contract/control."""

import asyncio
from pathlib import Path

import pytest

from app.control import snapshot
from app.control import topic as following
from app.control.entries import encode_name, encode_value
from app.control.topic import ControlTopic
from app.errors import RecordError, Unavailable
from tests.support.control_partition import Partition
from tests.support.processes import free_port


def topic(path: Path) -> ControlTopic:
    return ControlTopic({"bootstrap_servers": f"127.0.0.1:{free_port()}"}, "t.control", path)


async def test_without_a_broker_it_knows_what_the_snapshot_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "SEEN_TIMEOUT_S", 0.05)
    path = tmp_path / "control.json"
    snapshot.write(path, {encode_name("kind", "a"): encode_value(b"1")})
    control = topic(path)
    await control.start()
    try:
        assert (control.state, control.items("kind")) == ("snapshot", {"a": b"1"})
        with pytest.raises(Unavailable):
            await control.put("kind", "a", b"2")
        await asyncio.sleep(0.3)
        assert (control.state, control.get("kind", "a")) == ("snapshot", b"1")
    finally:
        await control.stop()


async def test_without_broker_and_snapshot_it_is_starting(tmp_path: Path) -> None:
    control = topic(tmp_path / "none.json")
    assert (control.state, control.items("kind")) == ("starting", {})
    with pytest.raises(RecordError):
        await control.put("kind", "a", b"{")
    await control.stop()


async def test_a_broker_that_answers_no_more_is_noticed_and_one_that_is_back_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "POLL_MS", 50)
    monkeypatch.setattr(following, "ANSWER_TIMEOUT_S", 0.1)
    partition = Partition(monkeypatch)
    control = partition.process(tmp_path / "control.json")
    await control.start()
    try:
        await control.put("kind", "a", b"1")
        await asyncio.sleep(0.3)
        assert control.state == "live"
        assert 1 < partition.asked < 10
        partition.is_away = True
        async with asyncio.timeout(5):
            while control.state == "live":
                await asyncio.sleep(0.01)
        assert (control.state, control.get("kind", "a")) == ("stale", b"1")
        partition.is_away = False
        await control.until_live()
        await control.put("kind", "a", b"2")
        assert (control.state, control.get("kind", "a")) == ("live", b"2")
    finally:
        await control.stop()
