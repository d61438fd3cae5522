"""What workers ask each other: with the token alone, and nothing malformed."""

import aiohttp
import pytest

from app.cluster.peers import encoded
from app.cluster.trust import credentials
from app.record.keys import user_key
from tests.support.metering import aggregate_of
from tests.support.workers import TOKEN, workers

KEY = user_key("default", "alice")
VALUES = f"/internal/tables/users?key={encoded(KEY)}"


async def get(url: str, token: str | None = TOKEN) -> tuple[int, dict[str, object]]:
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers={} if token is None else credentials(token)) as response,
    ):
        return response.status, await response.json()


@pytest.mark.parametrize("path", [VALUES, "/internal/top?tenant=default"])
async def test_strangers_get_nothing(path: str) -> None:
    async with workers(1) as them:
        them.hold(KEY, aggregate_of(1))
        url = them.placement.by_partition[0]
        assert (await get(url + path))[0] == 200
        for token in (None, "another"):
            status, answer = await get(url + path, token)
            assert (status, set(answer)) == (401, {"error"})
        them.all[0].live.ready = False
        assert (await get(url + path))[0] == 503


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/internal/tables/seen?key=aaaa", 404),
        ("/internal/tables/users", 400),
        ("/internal/copies/seen?key=aaaa", 404),
        ("/internal/copies/users", 400),
        ("/internal/copies/users?key=a", 400),
        ("/internal/tables/users?key=a", 400),
        ("/internal/tables/users?" + "&".join(["key=aaaa"] * 65), 400),
        ("/internal/top?tenant=default&sort=name", 400),
        ("/internal/top?tenant=default&limit=1000000", 400),
    ],
)
async def test_what_is_malformed_is_refused(path: str, status: int) -> None:
    async with workers(1) as them:
        assert (await get(them.placement.by_partition[0] + path))[0] == status


async def test_copies_with_their_age_or_nothing() -> None:
    """Also where the tables are not ready: that is when they are asked for."""
    async with workers(1) as them:
        them.hold(KEY, aggregate_of(1))
        live, url = them.all[0].live, them.placement.by_partition[0]
        live.ready = False
        path = f"{url}/internal/copies/users?key={encoded(KEY)}&key={encoded(b'x|y')}"
        assert await get(path) == (200, {"copies": [None, None]})
        assert (await get(path, "another"))[0] == 401
        live.age_s = 2.5
        status, answer = await get(path)
        held, absent = answer["copies"]  # type: ignore[misc]
        assert (status, held["age_s"], absent) == (200, 2.5, {"value": None, "age_s": 2.5})
        live.broker_takes = False
        assert await get(path) == (200, {"copies": [None, None]})
