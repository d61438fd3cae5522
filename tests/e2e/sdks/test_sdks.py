"""Every case directly and through the relay: results, bytes, headers, errors, requests equal."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e.sdks import anthropic_cases, gemini_cases, openai_chat_cases, openai_other_cases
from tests.e2e.sdks.case import Case
from tests.e2e.sdks.clients import (
    Make,
    make_anthropic,
    make_azure,
    make_gemini,
    make_gemini_httpx,
    make_openai,
)
from tests.e2e.sdks.comparing import held

PACKAGES: dict[str, tuple[str, Make, list[Case]]] = {
    "openai": ("openai", make_openai, [*openai_chat_cases.CASES, *openai_other_cases.CASES]),
    "azure": ("openai", make_azure, openai_other_cases.AZURE),
    "anthropic": ("anthropic", make_anthropic, anthropic_cases.CASES),
    "gemini": ("gemini", make_gemini, gemini_cases.CASES),
    "gemini by httpx": ("gemini", make_gemini_httpx, gemini_cases.CALLS),
}
THREADS = 64
QUICK = {
    f"{package}: {case.name}": (dialect, make, case)
    for package, (dialect, make, cases) in PACKAGES.items()
    for case in cases
    if not case.waits
}
SLOW = {
    package: (dialect, make, [case for case in cases if case.waits])
    for package, (dialect, make, cases) in PACKAGES.items()
    if any(case.waits for case in cases)
}
pytestmark = [
    pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning"),
]


@pytest.mark.parametrize(("dialect", "make", "case"), QUICK.values(), ids=QUICK)
async def test_the_relay_is_not_seen(dialect: str, make: Make, case: Case) -> None:
    await held(dialect, make, case)


@pytest.mark.parametrize(("dialect", "make", "cases"), SLOW.values(), ids=SLOW)
async def test_nor_by_a_client_that_waits(dialect: str, make: Make, cases: list[Case]) -> None:
    """Waits and timeouts all at once, each with a relay of its own."""
    # Blocking clients hold their threads all the while; the async ones need some as well.
    asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(THREADS))
    async with asyncio.TaskGroup() as group:
        for case in cases:
            group.create_task(held(dialect, make, case), name=case.name)


def test_every_case_has_its_name() -> None:
    assert len(QUICK) + sum(len(each[2]) for each in SLOW.values()) == sum(
        len(cases) for _, _, cases in PACKAGES.values()
    )
