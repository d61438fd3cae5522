"""`/api/v1/live` on real sockets: several workers, clients that leave, read slowly, come back."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from app.clock import SystemClock
from app.cluster.trust import credentials
from app.live.feed import LiveFeed
from app.live.tail import TailPace
from app.views.json_errors import json_errors
from app.views.live import LiveSources, LiveView, others_of
from tests.support.live import item
from tests.support.web_server import served

TOKEN = "the-token-of-this-test"
PACE = TailPace(gather_s=0.001, heartbeat_s=0.05)


class Worker:
    """A feed and its routes."""

    def __init__(self, urls: dict[int, str], number: int) -> None:
        self.feed = LiveFeed(50)
        self.urls, self.number = urls, number
        others = lambda: [url for n, url in urls.items() if n != number]  # noqa: E731
        self.view = LiveView(LiveSources(self.feed, others, TOKEN, SystemClock()), PACE)

    @asynccontextmanager
    async def served(self) -> AsyncIterator[str]:
        web_app = web.Application(middlewares=[json_errors])
        self.view.register(web_app)
        async with served(web_app) as url:
            self.urls[self.number] = url
            yield url
            await self.view.close()


@asynccontextmanager
async def workers(count: int) -> AsyncIterator[list[Worker]]:
    urls: dict[int, str] = {}
    them = [Worker(urls, number) for number in range(count)]
    async with AsyncExitStack() as stack:
        for each in them:
            await stack.enter_async_context(each.served())
        yield them


class Client:
    """Reads events of one stream."""

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self.response = response

    async def next(self, *names: str) -> tuple[str, str | None, Any]:
        """Name, id and data of the next event of these names."""
        while True:
            lines = dict[str, str]()
            while line := (await self.response.content.readline()).decode().strip("\n"):
                name, _, value = line.partition(": ")
                lines[name] = value
            if lines.get("event") in names:
                return lines["event"], lines.get("id"), json.loads(lines["data"])
            assert not self.response.content.at_eof()

    async def ids(self, count: int) -> list[str | None]:
        """The ids of the next exchanges."""
        return [(await self.next("exchange"))[1] for _ in range(count)]


@asynccontextmanager
async def tail(worker: Worker, query: str = "", **headers: str) -> AsyncIterator[Client]:
    url = worker.urls[worker.number] + "/api/v1/live" + query
    async with (
        aiohttp.ClientSession() as session,
        session.get(url, headers={k.replace("_", "-"): v for k, v in headers.items()}) as response,
    ):
        assert response.status == 200, await response.text()
        assert response.content_type == "text/event-stream"
        await response.content.readline()
        yield Client(response)


async def test_exchanges_as_they_are_counted() -> None:
    async with workers(1) as (worker,), tail(worker, "?user=user-1") as client:
        items = [item(number) for number in range(6)]
        for each in items:
            worker.feed.add(each)
        _, event_id, data = await client.next("exchange")
        assert (event_id, data["user"]) == (items[1].request_id, "user-1")
        assert await client.ids(1) == [items[4].request_id]


async def test_gathered_from_all_workers_and_one_that_goes_away_is_named() -> None:
    async with workers(2) as (one, other), tail(one) as client:
        while not other.view._open:
            await asyncio.sleep(0.01)
        mine, theirs = item(1), item(2)
        one.feed.add(mine)
        other.feed.add(theirs)
        assert set(await client.ids(2)) == {mine.request_id, theirs.request_id}
        for each in other.view._open:
            each.cancel()
        _, _, data = await client.next("worker_away")
        assert data == {"worker": other.urls[1]}
        one.feed.add(item(3))
        assert await client.ids(1) == [item(3).request_id]


async def test_going_on_after_the_last_event() -> None:
    async with workers(1) as (worker,):
        for number in range(4):
            worker.feed.add(item(number))
        async with tail(worker, Last_Event_ID=item(1).request_id) as client:
            assert await client.ids(2) == [item(2).request_id, item(3).request_id]
        async with tail(worker, Last_Event_ID="gone") as client:
            assert (await client.next("missed"))[2] == {"count": None}


async def test_going_on_tells_that_nobody_knows_what_was_missed_of_other_workers() -> None:
    async with workers(2) as (one, _):
        for number in range(3):
            one.feed.add(item(number))
        async with tail(one, Last_Event_ID=item(1).request_id) as client:
            assert (await client.next("missed", "exchange"))[2] == {"count": None}
            assert await client.ids(1) == [item(2).request_id]


async def test_a_client_that_does_not_read_holds_up_nobody() -> None:
    """It misses what the ring has dropped; another one goes on; when it leaves, nothing stays."""
    async with workers(1) as (worker,):
        async with tail(worker), tail(worker) as reader:
            for number in range(3000):
                worker.feed.add(item(number, error="x" * 500))
                if number % 10 == 0:
                    await asyncio.sleep(0)
            worker.feed.add(item(4000, user="last"))
            assert (await reader.next("missed"))[2]["count"] != 0
        while worker.view._open:
            await asyncio.sleep(0.01)


async def test_a_server_that_stops_ends_its_tails() -> None:
    async with aiohttp.ClientSession() as session, AsyncExitStack() as stack:
        (worker,) = await stack.enter_async_context(workers(1))
        response = await session.get(worker.urls[0] + "/api/v1/live")
        await stack.aclose()
        assert b"retry" in await response.content.read()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/api/v1/live?status=fine", {}, 400),
        ("/internal/live?tenant=default", {}, 401),
        ("/internal/live", credentials(TOKEN), 400),
        ("/internal/live?tenant=default&outcome=x", credentials(TOKEN), 400),
    ],
)
async def test_what_is_refused(path: str, headers: dict[str, str], status: int) -> None:
    async with (
        workers(1) as (worker,),
        aiohttp.ClientSession() as session,
        session.get(worker.urls[0] + path, headers=headers) as response,
    ):
        assert response.status == status


def test_the_others_are_those_of_the_map() -> None:
    assert others_of(lambda: {0: "b", 1: "own", 2: "a", 3: "b"}, "own")() == ["a", "b"]
