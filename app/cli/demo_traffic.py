"""Sample traffic from the official SDKs: each call once direct to the mock, once through the proxy.

Needs the packages `openai` and `anthropic`. The mock answers equal calls with equal bytes, so the
two bodies of a pair must be the same to the byte.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import anthropic
import openai

QUESTION = "Where does the water go once it has turned the turbine?"
MESSAGES: list[Any] = [{"role": "user", "content": QUESTION}]
OPENAI_MODEL = "gpt-4o-mini"
ANTHROPIC_MODEL = "claude-sonnet-4-5"
USERS = ("alice", "bob", "carol")
# The mock's prices in config/prices.toml: 1 and 2 USD per million tokens.
MOCK_INPUT_NANO_USD, MOCK_OUTPUT_NANO_USD = 1000, 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """The body as the SDK received it, and the usage the provider reported in it."""

    body: bytes
    input_tokens: int
    output_tokens: int


@dataclass(slots=True)
class Sent:
    """What went through the proxy for one user, as the client saw it."""

    requests: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cost_nano_usd: int = 0
    differing: list[str] = field(default_factory=list)

    def add(self, name: str, direct: Answer, relayed: Answer) -> None:
        """Count a relayed answer; note the pair if its bodies differ."""
        self.requests += 1
        self.input_tokens += relayed.input_tokens
        self.output_tokens += relayed.output_tokens
        self.cost_nano_usd += relayed.input_tokens * MOCK_INPUT_NANO_USD
        self.cost_nano_usd += relayed.output_tokens * MOCK_OUTPUT_NANO_USD
        if direct.body != relayed.body:
            self.differing.append(name)


@dataclass(frozen=True, slots=True)
class Target:
    """Where an SDK is pointed, and the headers it sends along."""

    openai_url: str
    anthropic_url: str
    headers: dict[str, str]


def usage_of_events(body: bytes, *, input_key: str, output_key: str) -> tuple[int, int]:
    """The last reported counts of an event stream's `data:` lines."""
    counts = {input_key: 0, output_key: 0}
    for line in body.split(b"\n"):
        if not line.startswith(b"data: {"):
            continue
        event = json.loads(line[6:])
        for usage in (event.get("usage"), (event.get("message") or {}).get("usage")):
            counts |= {k: usage[k] for k in counts if usage and usage.get(k) is not None}
    return counts[input_key], counts[output_key]


def openai_plain(target: Target) -> Answer:
    """The synchronous client, one answer."""
    with openai.OpenAI(api_key="none", base_url=target.openai_url) as client:
        raw = client.chat.completions.with_raw_response.create(
            model=OPENAI_MODEL, messages=MESSAGES, extra_headers=target.headers
        )
        usage = raw.parse().usage
    assert usage is not None, "the mock always reports usage"
    return Answer(raw.content, usage.prompt_tokens, usage.completion_tokens)


def openai_stream(target: Target) -> Answer:
    """The synchronous client, streaming with usage."""
    with (
        openai.OpenAI(api_key="none", base_url=target.openai_url) as client,
        client.chat.completions.with_streaming_response.create(
            model=OPENAI_MODEL,
            messages=MESSAGES,
            stream=True,
            stream_options={"include_usage": True},
            extra_headers=target.headers,
        ) as response,
    ):
        body = response.read()
    counts = usage_of_events(body, input_key="prompt_tokens", output_key="completion_tokens")
    return Answer(body, *counts)


async def openai_async(target: Target) -> Answer:
    """The asynchronous client, one answer."""
    async with openai.AsyncOpenAI(api_key="none", base_url=target.openai_url) as client:
        raw = await client.chat.completions.with_raw_response.create(
            model=OPENAI_MODEL, messages=MESSAGES, extra_headers=target.headers
        )
        usage = raw.parse().usage
    assert usage is not None, "the mock always reports usage"
    return Answer(raw.content, usage.prompt_tokens, usage.completion_tokens)


def anthropic_plain(target: Target) -> Answer:
    """The synchronous client, one answer."""
    with anthropic.Anthropic(api_key="none", base_url=target.anthropic_url) as client:
        raw = client.messages.with_raw_response.create(
            model=ANTHROPIC_MODEL, max_tokens=64, messages=MESSAGES, extra_headers=target.headers
        )
        body = raw.read()
        usage = raw.parse().usage
    return Answer(body, usage.input_tokens, usage.output_tokens)


@asynccontextmanager
async def _anthropic_events(target: Target) -> AsyncIterator[Any]:
    async with (
        anthropic.AsyncAnthropic(api_key="none", base_url=target.anthropic_url) as client,
        client.messages.with_streaming_response.create(
            model=ANTHROPIC_MODEL,
            max_tokens=64,
            messages=MESSAGES,
            stream=True,
            extra_headers=target.headers,
        ) as response,
    ):
        yield response


async def anthropic_stream(target: Target) -> Answer:
    """The asynchronous client, streaming."""
    async with _anthropic_events(target) as response:
        body = await response.read()
    counts = usage_of_events(body, input_key="input_tokens", output_key="output_tokens")
    return Answer(body, *counts)


SYNC_CALLS = (openai_plain, openai_stream, anthropic_plain)
ASYNC_CALLS = (openai_async, anthropic_stream)


async def drive(url: str) -> dict[str, Sent]:
    """Make every call for every user, direct and relayed; what each user sent."""
    sent = {user: Sent() for user in USERS}
    direct = _target(f"{url}/internal/mock", {})
    for rounds, user in enumerate(USERS, start=1):
        relayed = _target(f"{url}/mock", {"Tailrace-User-Id": user})
        for _ in range(rounds):
            for call in SYNC_CALLS:
                alone = await asyncio.to_thread(call, direct)
                answer = await asyncio.to_thread(call, relayed)
                sent[user].add(f"{user} {call.__name__}", alone, answer)
            for each in ASYNC_CALLS:
                pair = await asyncio.gather(each(direct), each(relayed))
                sent[user].add(f"{user} {each.__name__}", *pair)
    return sent


def _target(base: str, headers: dict[str, str]) -> Target:
    return Target(openai_url=f"{base}/v1", anthropic_url=base, headers=headers)
