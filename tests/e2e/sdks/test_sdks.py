"""Every case directly and through the relay: results, bytes, headers, errors, requests equal."""

import pytest

from tests.e2e.sdks import anthropic_cases, gemini_cases, openai_chat_cases, openai_other_cases
from tests.e2e.sdks.case import Case
from tests.e2e.sdks.clients import make_anthropic, make_azure, make_gemini, make_openai
from tests.e2e.sdks.comparing import held

OPENAI = [*openai_chat_cases.CASES, *openai_other_cases.CASES]


def ids(cases: list[Case]) -> list[str]:
    names = [case.name for case in cases]
    assert len(set(names)) == len(names)
    return names


@pytest.mark.parametrize("case", OPENAI, ids=ids(OPENAI))
async def test_openai(case: Case) -> None:
    await held("openai", make_openai, case)


@pytest.mark.parametrize("case", openai_other_cases.AZURE, ids=ids(openai_other_cases.AZURE))
async def test_azure(case: Case) -> None:
    await held("openai", make_azure, case)


@pytest.mark.parametrize("case", anthropic_cases.CASES, ids=ids(anthropic_cases.CASES))
async def test_anthropic(case: Case) -> None:
    await held("anthropic", make_anthropic, case)


@pytest.mark.filterwarnings("ignore:Sending a large body directly:ResourceWarning")
@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
@pytest.mark.parametrize("case", gemini_cases.CASES, ids=ids(gemini_cases.CASES))
async def test_gemini(case: Case) -> None:
    await held("gemini", make_gemini, case)
