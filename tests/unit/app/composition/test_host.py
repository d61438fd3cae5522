"""A process of each role, put together without starting it."""

import pytest

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


async def test_only_a_worker_is_unready_without_its_streams() -> None:
    """A relay goes on without the stream side; it is degraded."""
    for role, vital in (("all", False), ("worker", True)):
        environ = {"TAILRACE_ROLE": role, "TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1"}
        parts = {part.name: part for part in Process(load_settings(environ)).parts()}
        assert parts["streams"].vital == vital
