"""Without a broker; with one: tests/contract/control."""

import asyncio
from pathlib import Path

import pytest

from app.control import snapshot
from app.control.entries import encode_name, encode_value
from app.control.topic import ControlTopic
from app.errors import RecordError, Unavailable
from tests.support.processes import free_port


def topic(path: Path) -> ControlTopic:
    return ControlTopic({"bootstrap_servers": f"127.0.0.1:{free_port()}"}, "t.control", path)


async def test_without_a_broker_it_knows_what_the_snapshot_holds(tmp_path: Path) -> None:
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
