"""Connections kept for the next request: bounded, fair, let go of in time."""

import asyncio

import pytest

from app.errors import UpstreamRefused, UpstreamTimeout
from proxy.upstream.http1 import pool as pool_module
from proxy.upstream.http1.pool import Pool
from proxy.upstream.http1.request import Origin, origin_of
from tests.support.raw_upstream import Connection, RawUpstream, raw_upstream


async def quiet(connection: Connection) -> None:
    await connection.until_closed()


def origin(upstream: RawUpstream) -> Origin:
    return origin_of(upstream.origin)


async def test_waiting_for_a_place_is_bounded_and_fair() -> None:
    pool = Pool(1, 5, None)
    async with raw_upstream(quiet) as upstream:
        first = await pool.acquire(origin(upstream))
        order: list[int] = []

        async def wait(number: int) -> None:
            connection = await pool.acquire(origin(upstream))
            order.append(number)
            connection.close()

        waiting = [asyncio.create_task(wait(number)) for number in range(3)]
        await asyncio.sleep(0.05)
        waiting[1].cancel()
        await asyncio.sleep(0)
        first.close()
        await asyncio.gather(waiting[0], waiting[2])
        assert order == [0, 2]
        pool.close()
        hasty = Pool(1, 0.05, None)
        await hasty.acquire(origin(upstream))
        with pytest.raises(UpstreamTimeout) as caught:
            await hasty.acquire(origin(upstream))
        assert caught.value.kind == "connect"
        hasty.close()


async def test_an_idle_one_of_another_origin_makes_room() -> None:
    pool = Pool(1, 5, None)
    async with raw_upstream(quiet) as one, raw_upstream(quiet) as other:
        kept = await pool.acquire(origin(one))
        pool.give_back(origin(one), kept)
        assert (await pool.acquire(origin(other))).is_usable
        assert not kept.is_usable
        assert pool._reuse(origin(one)) is None
    pool.close()


@pytest.mark.interpreted
async def test_the_youngest_is_used_and_the_old_are_let_go(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = Pool(9, 5, None)
    async with raw_upstream(quiet) as upstream:
        three = [await pool.acquire(origin(upstream), fresh=True) for _ in range(3)]
        for each in three:
            pool.give_back(origin(upstream), each)
        assert pool._reuse(origin(upstream)) is three[2]
        monkeypatch.setattr(pool_module, "IDLE_S", -1.0)
        assert pool._reuse(origin(upstream)) is None
        assert not any(each.is_usable for each in three[:2])
        pool.give_back(origin(upstream), three[2])
        pool._sweep_idle()
        assert not three[2].is_usable
    pool.close()


async def test_one_that_speaks_unasked_or_ends_is_not_kept() -> None:
    async def speak(connection: Connection) -> None:
        await connection.send(b"HTTP/1.1 408 Request Timeout\r\n\r\n")

    pool = Pool(9, 5, None)
    async with raw_upstream(speak) as upstream:
        connection = await pool.acquire(origin(upstream))
        await asyncio.sleep(0.05)
        pool.give_back(origin(upstream), connection)
        assert pool._reuse(origin(upstream)) is None
    pool.close()


async def test_a_closed_pool_refuses_those_who_wait() -> None:
    pool = Pool(1, 5, None)
    async with raw_upstream(quiet) as upstream:
        await pool.acquire(origin(upstream))
        waiting = asyncio.create_task(pool.acquire(origin(upstream)))
        await asyncio.sleep(0)
        pool.close()
        with pytest.raises(UpstreamRefused):
            await waiting
        with pytest.raises(UpstreamRefused):
            await pool.acquire(origin(upstream))


async def test_nobody_there() -> None:
    pool = Pool(1, 5, None)
    for text in ("http://127.0.0.1:1", "https://127.0.0.1:1", "http://no.such.host.invalid"):
        with pytest.raises(UpstreamRefused):
            await pool.acquire(origin_of(text))
    pool.close()
