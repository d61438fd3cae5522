import asyncio
from pathlib import Path

import pytest

from app.engine.lease import Lease, keep
from app.errors import Unavailable
from tests.support.kafkaless import engine_app, hold


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def __call__(self) -> float:
        return self.at_s


class Coordinator:
    """As much of aiokafka's coordinator as a lease needs."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.answer = True
        self.forgot = False

    async def _do_heartbeat(self) -> bool:
        self.clock.at_s += 1
        return self.answer

    def reset_generation(self) -> None:
        self.forgot = True


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lease(clock: Clock) -> Lease:
    return Lease(30, clock)


def test_it_is_held_for_the_session_timeout(lease: Lease, clock: Clock) -> None:
    assert (lease.is_good, lease.age_s) == (False, float("inf"))
    lease.renew(100)
    clock.at_s = 129.9
    assert lease.is_good
    clock.at_s = 130
    assert (lease.is_good, lease.age_s) == (False, 30)
    lease.renew(129)
    assert lease.is_good
    lease.lose()
    assert not lease.is_good


async def test_an_answered_heartbeat_renews_it_from_when_it_was_sent(
    lease: Lease, clock: Clock
) -> None:
    coordinator = Coordinator(clock)
    keep(lease, coordinator)
    assert await coordinator._do_heartbeat() is True
    assert lease.age_s == 1


async def test_a_heartbeat_in_vain_does_not_renew_it(lease: Lease, clock: Clock) -> None:
    coordinator = Coordinator(clock)
    keep(lease, coordinator)
    coordinator.answer = False
    assert await coordinator._do_heartbeat() is False
    assert not lease.is_good


async def test_a_group_that_forgot_us_ends_it(lease: Lease, clock: Clock) -> None:
    coordinator = Coordinator(clock)
    keep(lease, coordinator)
    await coordinator._do_heartbeat()
    coordinator.reset_generation()
    assert (lease.is_good, coordinator.forgot) == (False, True)


async def test_without_it_nothing_is_read_but_copies_with_their_age(
    tmp_path: Path, lease: Lease, clock: Clock
) -> None:
    async with engine_app(tmp_path) as app:
        app.lease = lease
        lease.renew(100)
        app.store("users")
        partition = app.partition_of(b"u")
        hold(app, "users", partition).database(partition).put(b"u", b"1")
        assert app.get("users", b"u") == b"1"
        assert app.copy_of("users", b"u") == (b"1", 0.0)
        clock.at_s = 140
        with pytest.raises(Unavailable, match="not been heard of"):
            app.get("users", b"u")
        with pytest.raises(Unavailable):
            list(app.scan("users", partition))
        assert app.copy_of("users", b"u") == (b"1", 40.0)


async def test_without_it_nothing_is_sent(tmp_path: Path, lease: Lease) -> None:
    async with engine_app(tmp_path) as app:
        app.lease = lease
        sent: list[bytes] = []

        async def send(outgoing: object) -> "asyncio.Future[object]":
            sent.append(outgoing.value)  # type: ignore[attr-defined]
            return asyncio.get_running_loop().create_future()

        app.outbox.send = send
        await app.outbox.start()
        app.emit("facts", None, b"held")
        await asyncio.sleep(0.1)
        assert sent == []
        lease.renew(lease.now_s())
        while not sent:
            await asyncio.sleep(0.01)
        assert sent == [b"held"]
        await app.outbox.stop()
