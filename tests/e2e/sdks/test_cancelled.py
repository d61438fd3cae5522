"""A task that is cancelled, before its answer and within it, reaches the provider as an abort.

Its record says `client_abort`, whichever package it is.
"""

import asyncio
from functools import partial
from typing import Any

import pytest

from tests.e2e.sdks import anthropic_cases, gemini_cases, openai_chat_cases
from tests.e2e.sdks.clients import Make, make_anthropic, make_gemini, make_openai
from tests.e2e.sdks.comparing import both, closed, until
from tests.e2e.sdks.shared_cases import DELAY, Shared

BEFORE, WITHIN = DELAY, {"x-hold-after": "1"}
PACKAGES = {
    "openai": (make_openai, openai_chat_cases.SHARED),
    "anthropic": (make_anthropic, anthropic_cases.SHARED),
    "gemini": (make_gemini, gemini_cases.SHARED),
}


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
@pytest.mark.parametrize("how", [BEFORE, WITHIN], ids=["before the answer", "within the stream"])
@pytest.mark.parametrize(
    ("dialect", "make", "shared"), [(name, *each) for name, each in PACKAGES.items()], ids=PACKAGES
)
async def test_a_cancelled_call_reaches_the_provider_as_an_abort(
    dialect: str, make: Make, shared: Shared, how: dict[str, str]
) -> None:
    headers = {"x-play": shared.stream.play, **how}
    async with both(dialect) as (stand_in, stand):
        for way, base in (("direct", stand_in.url), ("relayed", f"{stand.url}/up")):
            client = make(base, True, headers | {"x-way": way}, {})
            came = asyncio.Event()
            call = asyncio.ensure_future(read(shared.stream.asked(client.calls), came))
            if how is WITHIN:
                await until(came.is_set)
            await until(partial(stand_in.has, way))
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            await until(partial(stand_in.left.__contains__, way))
            await closed(client)
        record = await stand.sink.record()
    assert record.outcome == "client_abort"
    assert (record.status is None) is (how is BEFORE)


async def read(asked: Any, came: asyncio.Event) -> None:
    """The events of a stream; `came` once there was one."""
    async for _ in await asked:
        came.set()
