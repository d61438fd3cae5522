"""Mixed calls through a proxy to the mock provider, and what was sent and answered, to the byte."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import aiohttp
import orjson

AT_ONCE = 24
PATIENCE = aiohttp.ClientTimeout(total=60)


class Kind(NamedTuple):
    """A kind of call: its path, members of its body, and headers."""

    path: str
    members: Mapping[str, Any]
    headers: Mapping[str, str]


CHAT, MESSAGES = "/mock/v1/chat/completions", "/mock/v1/messages"
STREAMED = {"stream": True, "stream_options": {"include_usage": True}}
KINDS = (
    Kind(CHAT, {}, {}),
    Kind(CHAT, STREAMED, {}),
    Kind(CHAT, {"stream": True}, {"x-mock-chunks": "40"}),
    Kind(CHAT, {}, {"x-mock-encoding": "gzip"}),
    Kind(CHAT, STREAMED, {"x-mock-encoding": "br"}),
    Kind(MESSAGES, {"max_tokens": 64}, {}),
    Kind(MESSAGES, {"max_tokens": 64, "stream": True}, {}),
    Kind(MESSAGES, {"max_tokens": 64}, {"x-mock-encoding": "zstd"}),
    Kind(CHAT, {}, {"x-mock-status": "429"}),
    Kind(CHAT, STREAMED, {"x-mock-error-after": "3"}),
    Kind("/mock/v1/whatever", {}, {}),
    Kind(CHAT, {}, {"Tailrace-Omit-Request": "true"}),
    Kind(CHAT, STREAMED, {"Tailrace-Omit-Response": "true"}),
    Kind(
        MESSAGES, {"max_tokens": 64}, {"Tailrace-Omit-Request": "1", "Helicone-Omit-Response": "1"}
    ),
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One call as it was sent and answered; an omitted side is None."""

    request_id: str
    user: str
    status: int
    request: bytes | None
    response: bytes | None


@dataclass
class Mixed:
    """The calls that were answered; a call that was not is an error."""

    url: Callable[[], str]
    users: int = 10
    seed: int = 1
    calls: list[Sent] = field(default_factory=list)
    number: int = 0

    @property
    def by_user(self) -> Counter[str]:
        """How many of each user."""
        return Counter(call.user for call in self.calls)

    async def send(self, count: int, *, rate_per_s: float | None = None) -> None:
        """So many calls, many at a time, or at a rate."""
        gate = asyncio.Semaphore(AT_ONCE)
        connector = aiohttp.TCPConnector(limit=0)
        async with (
            aiohttp.ClientSession(
                auto_decompress=False, timeout=PATIENCE, connector=connector
            ) as session,
            asyncio.TaskGroup() as group,
        ):
            for _ in range(count):
                await gate.acquire()
                task = group.create_task(self._one(session, self.number))
                task.add_done_callback(lambda done: gate.release())
                self.number += 1
                if rate_per_s is not None:
                    await asyncio.sleep(1 / rate_per_s)

    async def _one(self, session: aiohttp.ClientSession, number: int) -> None:
        rng = random.Random(f"{self.seed}-{number}")
        kind, user = rng.choice(KINDS), f"user-{rng.randrange(self.users)}"
        said = " ".join(
            rng.choices(("tail", "race", "wörter", "😀", "stream"), k=rng.randrange(80))
        )
        members = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": said}]}
        body = orjson.dumps(members | kind.members)
        headers = {
            "Content-Type": "application/json",
            "Tailrace-User-Id": user,
            "Tailrace-Property-Number": str(number),
        }
        async with session.post(
            self.url() + kind.path, data=body, headers=headers | kind.headers
        ) as answer:
            raw = await answer.read()
        names = {name.lower() for name in kind.headers}
        self.calls.append(
            Sent(
                answer.headers["tailrace-request-id"],
                user,
                answer.status,
                None if "tailrace-omit-request" in names else body,
                None if names & {"tailrace-omit-response", "helicone-omit-response"} else raw,
            )
        )
