"""Callers that give up: before the answer and in the middle of it, by cancelling and by waiting.

The provider sees them leave and the record says `client_abort`, whichever package it is.
"""

import asyncio
from contextlib import suppress
from typing import Any

import pytest

from tests.e2e.sdks import anthropic_cases, gemini_cases, openai_cases
from tests.e2e.sdks.both import both
from tests.e2e.sdks.case import Case
from tests.e2e.sdks.clients import ANTHROPIC, GEMINI, OPENAI, Sdk
from tests.e2e.sdks.outcome import outcome

WAIT_S = 2.0
PATIENT_S = 30
STREAMS = {
    OPENAI: (openai_cases.CREATE, openai_cases.STREAM, "openai_chat/stream_usage"),
    ANTHROPIC: (anthropic_cases.CREATE, anthropic_cases.STREAM, "anthropic_messages/stream_cache"),
    GEMINI: (gemini_cases.STREAM, gemini_cases.CALL, "gemini/stream_events"),
}
BEFORE, WITHIN = {"x-delay-ms": "60000"}, {"x-hold-after": "1"}
GIVEN_UP = [
    pytest.param(sdk, how, id=f"{sdk.name} {when}")
    for sdk in STREAMS
    for when, how in (("before the answer", BEFORE), ("within the stream", WITHIN))
]
pytestmark = pytest.mark.filterwarnings(
    "ignore:Inheritance class AiohttpClientSession:DeprecationWarning"
)


def held_up(sdk: Sdk, how: dict[str, str]) -> Case:
    """A stream that does not come, or does not go on."""
    method, arguments, play = STREAMS[sdk]
    return Case(sdk, "held up", method, arguments, play, "stream", how)


@pytest.mark.parametrize(("sdk", "how"), GIVEN_UP)
async def test_a_cancelled_call_reaches_the_provider_as_an_abort(
    sdk: Sdk, how: dict[str, str]
) -> None:
    async with both(sdk.name) as (stand_in, stand):
        for base in (stand_in.url, f"{stand.url}/up"):
            stand_in.forget()
            async with sdk.clients(base, retries=0) as (client, _):
                came = asyncio.Event()
                call = asyncio.ensure_future(read(held_up(sdk, how), client, came))
                async with asyncio.timeout(PATIENT_S):
                    if how is WITHIN:
                        await came.wait()
                    while not stand_in.noted:
                        await asyncio.sleep(0.01)
                    call.cancel()
                    with pytest.raises(asyncio.CancelledError):
                        await call
                    await stand_in.left.wait()
        assert (await stand.sink.record()).outcome == "client_abort"


async def read(case: Case, client: Any, came: asyncio.Event) -> None:
    """The events of a stream; `came` once there was one."""
    stream = await case.asked(client)
    async for _ in stream:
        came.set()


@pytest.mark.parametrize(("sdk", "how"), GIVEN_UP)
async def test_one_that_waits_no_longer_gets_its_own_timeout(sdk: Sdk, how: dict[str, str]) -> None:
    """By the async and the sync client: the exception and the events before it are as directly."""
    case = held_up(sdk, how)
    async with both(sdk.name) as (stand_in, stand):
        direct, relayed = await asyncio.gather(
            *[timed_out(case, base) for base in (stand_in.url, f"{stand.url}/up")]
        )
        assert relayed == direct
        assert all("raised" in each for each in relayed), relayed
        assert [len(each.get("events", ())) > 0 for each in relayed] == [how is WITHIN] * 2
        records = await stand.sink.records(2)
    assert [record.outcome for record in records] == ["client_abort"] * 2


async def timed_out(case: Case, base: str) -> list[Any]:
    """What both clients give when they wait a moment only."""
    async with case.sdk.clients(base, timeout_s=WAIT_S, retries=0) as (many, one):
        return await asyncio.gather(outcome(case.run_async, many), outcome(case.run_sync, one))


@pytest.mark.parametrize("sdk", STREAMS, ids=lambda sdk: sdk.name)
async def test_a_sync_stream_that_is_closed_is_an_abort(sdk: Sdk) -> None:
    async with both(sdk.name) as (stand_in, stand):
        for base in (stand_in.url, f"{stand.url}/up"):
            stand_in.forget()
            async with sdk.clients(base, retries=0) as (_, client):
                await asyncio.to_thread(one_event, held_up(sdk, WITHIN), client)
                async with asyncio.timeout(PATIENT_S):
                    await stand_in.left.wait()
        assert (await stand.sink.record()).outcome == "client_abort"


def one_event(case: Case, client: Any) -> None:
    """The first event, then the stream is closed."""
    stream = case.asked(client)
    with suppress(StopIteration):
        next(iter(stream))
    stream.close()
