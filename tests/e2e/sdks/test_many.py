"""All calls of a package at once through one relay: no answer is another one's."""

import asyncio
from typing import Any

import pytest

from tests.e2e.sdks import anthropic_cases, gemini_cases, openai_chat_cases, openai_other_cases
from tests.e2e.sdks.case import Case
from tests.e2e.sdks.clients import Make, make_anthropic, make_gemini, make_openai
from tests.e2e.sdks.comparing import both, came_of
from tests.e2e.sdks.stand_in import StandIn

PACKAGES: dict[str, tuple[Make, list[Case]]] = {
    "openai": (make_openai, [*openai_chat_cases.CASES, *openai_other_cases.CASES]),
    "anthropic": (make_anthropic, anthropic_cases.CASES),
    "gemini": (make_gemini, gemini_cases.CASES),
}
TIMES = 2


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
@pytest.mark.parametrize(
    ("dialect", "make", "cases"), [(name, *each) for name, each in PACKAGES.items()], ids=PACKAGES
)
async def test_no_answer_is_another_one_s(dialect: str, make: Make, cases: list[Case]) -> None:
    passing = [case for case in cases if not case.raises and case.is_whole]
    async with both(dialect) as (stand_in, stand):
        direct = await at_once(make, passing, stand_in, stand_in.url, "direct")
        relayed = await at_once(make, passing, stand_in, f"{stand.url}/up", "relayed")
        assert relayed == direct
        records = await stand.sink.records(TIMES * sum(case.attempts for case in passing))
    assert len({record.request_id for record in records}) == len(records)


async def at_once(
    make: Make, cases: list[Case], stand_in: StandIn, base: str, where: str
) -> list[Any]:
    """What comes of each case, and what of it arrived."""
    ways = [(f"{where} {time} {case.name}", case) for time in range(TIMES) for case in cases]
    async with asyncio.TaskGroup() as group:
        runs = [
            group.create_task(came_of(make, case, base, way, is_async=True)) for way, case in ways
        ]
    results = [run.result()[0] for run in runs]
    return [
        (result, stand_in.arrivals[way]) for result, (way, _) in zip(results, ways, strict=True)
    ]
