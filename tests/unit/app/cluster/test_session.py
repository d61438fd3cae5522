"""A session that is opened when it is first needed."""

import aiohttp

from app.cluster.session import LazySession


async def test_one_until_it_is_closed_then_another() -> None:
    made: list[aiohttp.ClientSession] = []

    def make() -> aiohttp.ClientSession:
        made.append(aiohttp.ClientSession())
        return made[-1]

    session = LazySession(make)
    await session.close()
    assert made == []
    assert session.opened() is session.opened()
    await session.close()
    await session.close()
    assert made[0].closed
    assert session.opened() is made[1]
    await session.close()
