"""Every case once directly and once through the relay: results, bytes, headers, errors equal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import anthropic
import openai
import pytest
from google import genai

from proxy.capture.capture import Capture
from tests.e2e.sdks import anthropic_cases, gemini_cases, openai_cases
from tests.e2e.sdks.case import Case
from tests.e2e.sdks.outcome import outcome
from tests.e2e.sdks.stand_in import StandIn, standing_in
from tests.support.relay import Stand, standing

KEY = "a-key-of-no-use"


@asynccontextmanager
async def both(dialect: str) -> AsyncIterator[tuple[StandIn, Stand]]:
    """A stand-in, and a relay whose upstream `up` it is."""
    async with (
        standing_in() as stand_in,
        standing(stand_in.url, dialect, new_capture=Capture) as stand,
    ):
        yield stand_in, stand


def openai_clients(base: str) -> tuple[Any, Any]:
    """Async and sync."""
    options: dict[str, Any] = {"api_key": KEY, "base_url": f"{base}/v1", "max_retries": 2}
    return openai.AsyncOpenAI(**options), openai.OpenAI(**options)


def anthropic_clients(base: str) -> tuple[Any, Any]:
    """Async and sync."""
    options: dict[str, Any] = {"api_key": KEY, "base_url": base, "max_retries": 2}
    return anthropic.AsyncAnthropic(**options), anthropic.Anthropic(**options)


def gemini_client(base: str) -> genai.Client:
    """Both in one."""
    return genai.Client(api_key=KEY, http_options={"base_url": base})


async def held(
    dialect: str, case: Case, run: Callable[[str], Any], expected_calls: int = 1
) -> None:
    """Directly and through the relay: the same outcome, and the same requests upstream."""
    async with both(dialect) as (stand_in, stand):
        outcomes, noted = [], []
        for base in (stand_in.url, f"{stand.url}/up"):
            stand_in.noted.clear()
            stand_in.attempts.clear()
            outcomes.append(await run(base))
            noted.append(list(stand_in.noted))
    assert outcomes[0] == outcomes[1], case.name
    for each in outcomes[0]:
        assert (isinstance(each, dict) and "raised" in each) is case.fails, each
    assert noted[0] == noted[1], case.name
    assert len(noted[0]) >= expected_calls, outcomes[0]


def ids(cases: list[Case]) -> list[str]:
    return [case.name for case in cases]


@pytest.mark.parametrize("case", openai_cases.CASES, ids=ids(openai_cases.CASES))
async def test_openai(case: Case) -> None:
    async def run(base: str) -> Any:
        many, one = openai_clients(base)
        try:
            return [await outcome(case.run_async, many), await outcome(case.run_sync, one)]
        finally:
            await many.close()
            one.close()

    await held("openai", case, run, 2)


@pytest.mark.parametrize("case", anthropic_cases.CASES, ids=ids(anthropic_cases.CASES))
async def test_anthropic(case: Case) -> None:
    async def run(base: str) -> Any:
        many, one = anthropic_clients(base)
        try:
            return [await outcome(case.run_async, many), await outcome(case.run_sync, one)]
        finally:
            await many.close()
            one.close()

    await held("anthropic", case, run, 2)


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
@pytest.mark.parametrize("case", gemini_cases.CASES, ids=ids(gemini_cases.CASES))
async def test_gemini(case: Case) -> None:
    async def run(base: str) -> Any:
        client = gemini_client(base)
        try:
            return [await outcome(case.run_async, client.aio), await outcome(case.run_sync, client)]
        finally:
            await client.aio.aclose()
            client.close()

    await held("gemini", case, run, 2)


async def test_a_call_that_is_cancelled_reaches_the_provider_as_an_abort() -> None:
    slow = Case(
        "cancelled",
        "chat.completions.create",
        openai_cases.CHAT,
        "openai_chat/plain",
        how={"x-delay-ms": "20000"},
    )
    async with both("openai") as (stand_in, stand):
        for base in (stand_in.url, f"{stand.url}/up"):
            stand_in.left.clear()
            stand_in.noted.clear()
            many, one = openai_clients(base)
            call = asyncio.ensure_future(slow.run_async(many))
            while not stand_in.noted:
                await asyncio.sleep(0.01)
            call.cancel()
            with pytest.raises(asyncio.CancelledError):
                await call
            async with asyncio.timeout(10):
                await stand_in.left.wait()
            await many.close()
            one.close()


@pytest.mark.parametrize("delay", ["3000"])
async def test_a_client_that_waits_no_longer_gets_its_own_timeout(delay: str) -> None:
    async with both("openai") as (stand_in, stand):
        errors = []
        for base in (stand_in.url, f"{stand.url}/up"):
            client = openai.AsyncOpenAI(
                api_key=KEY, base_url=f"{base}/v1", max_retries=0, timeout=0.3
            )
            case = Case(
                "timeout",
                "chat.completions.create",
                openai_cases.CHAT,
                "openai_chat/plain",
                how={"x-delay-ms": delay},
            )
            errors.append(await outcome(case.run_async, client))
            await client.close()
    assert errors[0] == errors[1]
    assert errors[0]["raised"] == "openai.APITimeoutError"
