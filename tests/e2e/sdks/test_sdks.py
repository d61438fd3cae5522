"""Every case once directly and once through the relay: results, bytes, headers, errors equal."""

import pytest

from tests.e2e.sdks import anthropic_cases, gemini_cases, openai_cases
from tests.e2e.sdks.both import held
from tests.e2e.sdks.case import Case

CASES = [*openai_cases.CASES, *anthropic_cases.CASES, *gemini_cases.CASES]


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
@pytest.mark.parametrize("case", CASES, ids=[f"{each.sdk.name} {each.name}" for each in CASES])
async def test_the_relay_is_not_seen(case: Case) -> None:
    records, _ = await held(case)
    assert {record.outcome for record in records} == {case.ends}
