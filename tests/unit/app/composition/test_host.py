"""A process of each role, put together without starting it."""

import inspect

import pytest
from aiokafka.conn import AIOKafkaConnection

from app.composition.host import Process
from config import load_settings

WEBHOOKS = ("sink deliver", "webhook retries")


@pytest.mark.parametrize(
    ("role", "relays", "streams", "parts"),
    [
        ("all", True, True, ["publisher", "streams", "control", "dead letters", *WEBHOOKS]),
        ("proxy", True, False, ["publisher", "control"]),
        ("worker", False, True, ["streams", "control", "dead letters", *WEBHOOKS]),
    ],
)
async def test_roles(role: str, relays: bool, streams: bool, parts: list[str]) -> None:
    """What each role has, and what its readiness names."""
    environ = {"TAILRACE_ROLE": role, "TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
    process = Process(load_settings(environ))
    assert (process.relaying is not None) == relays
    assert (process.stream_side is not None) == streams
    assert [part.name for part in process.parts()] == parts


def test_whoever_runs_it_lost_connections_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also Faust's own command, which may be told to use uvloop."""
    unmended = inspect.unwrap(AIOKafkaConnection.send)
    monkeypatch.setattr(AIOKafkaConnection, "send", unmended)
    Process(load_settings({"TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}))
    assert inspect.unwrap(AIOKafkaConnection.send) is unmended is not AIOKafkaConnection.send


async def test_only_a_worker_is_unready_without_its_streams() -> None:
    """A relay goes on without the stream side; it is degraded."""
    for role, vital in (("all", False), ("worker", True)):
        environ = {"TAILRACE_ROLE": role, "TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
        parts = {part.name: part for part in Process(load_settings(environ)).parts()}
        assert parts["streams"].vital == vital
