"""Receivers of webhooks: real HTTP servers that note what they got and may misbehave."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson
from aiohttp import web
from openai import OpenAI
from standardwebhooks import Webhook

from tests.support.processes import Process
from tests.support.web_server import served

SECRET_KEY = "a key for the tests of webhooks"
OPENAI = OpenAI(api_key="none")
Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Call:
    """One POST as it came in."""

    headers: dict[str, str]
    body: bytes
    at_s: float

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def event(self) -> Any:
        return orjson.loads(self.body)

    def verify(self, secret: str) -> None:
        """The signature is good, by the reference implementation and by OpenAI's."""
        Webhook(secret).verify(self.body, self.headers)
        OPENAI.webhooks.verify_signature(self.body, self.headers, secret=secret)


@dataclass
class Receiver:
    """What an endpoint got; `answer` makes the response after the call was noted."""

    calls: list[Call] = field(default_factory=list)
    answer: Answer | None = None
    url: str = ""
    secret: str | None = None
    """Given, each call is verified as it comes: a signature is good for five minutes."""
    is_closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        call = Call(headers, await request.read(), time.time())
        if self.secret is not None:
            call.verify(self.secret)
        self.calls.append(call)
        if self.answer is not None:
            return await self.answer(request)
        return web.Response(status=204)

    async def hang(self, request: web.Request) -> web.StreamResponse:
        """An answer that never comes."""
        await self.is_closing.wait()
        return web.Response(status=500)

    @staticmethod
    def always(status: int, **headers: str) -> Answer:
        """The same answer to everything."""

        async def answer(request: web.Request) -> web.StreamResponse:
            return web.Response(status=status, headers=headers)

        return answer

    @property
    def times(self) -> Counter[str]:
        """How often each webhook came."""
        return Counter(call.webhook_id for call in self.calls)

    def requests(self) -> set[str]:
        """The exchanges it was told of."""
        return {call.event["data"]["request_id"] for call in self.calls}

    def verify_all(self, secret: str) -> None:
        """Every signature is good."""
        for call in self.calls:
            call.verify(secret)

    async def until(self, count: int, timeout_s: float = 30) -> None:
        """Wait until so many different webhooks came."""
        deadline = time.monotonic() + timeout_s
        while len(self.times) < count:
            assert time.monotonic() < deadline, f"{len(self.times)} of {count} webhooks"
            await asyncio.sleep(0.02)


@asynccontextmanager
async def receiving(answer: Answer | None = None) -> AsyncIterator[Receiver]:
    """A receiver on a free port."""
    receiver = Receiver(answer=answer)
    web_app = web.Application(client_max_size=64 << 20)
    web_app.router.add_post("/{path:.*}", receiver.handle)
    async with served(web_app) as url:
        receiver.url = f"{url}/hook"
        try:
            yield receiver
        finally:
            receiver.is_closing.set()


class Hooks:
    """The webhooks' API of a worker."""

    def __init__(self, worker: Process) -> None:
        self.worker = worker

    async def call(self, method: str, path: str = "", body: Any = None) -> tuple[int, Any]:
        """Status and JSON of a call."""
        url = f"{self.worker.url}/api/v1/webhooks{path}"
        data = None if body is None else orjson.dumps(body)
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=data) as response,
        ):
            text = await response.read()
            return response.status, orjson.loads(text) if text else None

    async def create(self, url: str, **fields: Any) -> dict[str, Any]:
        """A new endpoint."""
        status, made = await self.call("POST", body={"url": url, **fields})
        assert status == 201, made
        return dict(made)
