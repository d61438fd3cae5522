"""What the packages try again they try again through the relay, as often and after as long."""

import pytest

from tests.e2e.sdks import anthropic_cases, gemini_cases, openai_cases
from tests.e2e.sdks.both import held
from tests.e2e.sdks.case import Arguments, Case
from tests.e2e.sdks.clients import ANTHROPIC, GEMINI, OPENAI, Sdk
from tests.e2e.sdks.stand_in import Arrival

CALLS: dict[Sdk, tuple[str, Arguments, str]] = {
    OPENAI: (openai_cases.CREATE, openai_cases.CHAT, "openai_chat/plain"),
    ANTHROPIC: (anthropic_cases.CREATE, anthropic_cases.CALL, "anthropic_messages/plain"),
    GEMINI: (gemini_cases.GENERATE, gemini_cases.CALL, "gemini/plain"),
}
TRIED_AGAIN = {
    OPENAI: (408, 409, 429, 500, 503, 529),
    ANTHROPIC: (408, 409, 429, 500, 503, 529),
    GEMINI: (408, 429, 500, 502, 503, 504),
}
LONGER_S = 0.8
"""Longer than the first wait of either package that reads `retry-after`: 0.5 s at the most."""


def failing(sdk: Sdk, times: int, status: int, **says: str) -> Case:
    """A call that is refused so many times before it is answered."""
    how = {"x-fail-first": str(times), "x-fail-status": str(status)}
    said = {f"x-{name.replace('_', '-')}": value for name, value in says.items()}
    return Case(sdk, f"{status}", *CALLS[sdk], how=how | said)


@pytest.mark.filterwarnings("ignore:Inheritance class AiohttpClientSession:DeprecationWarning")
@pytest.mark.parametrize(
    ("sdk", "status"),
    [(sdk, status) for sdk, statuses in TRIED_AGAIN.items() for status in statuses],
    ids=lambda value: value.name if isinstance(value, Sdk) else str(value),
)
async def test_a_refused_call_is_tried_again(sdk: Sdk, status: int) -> None:
    records, arrived = await held(failing(sdk, 2, status, retry_after_ms="5"))
    assert len(arrived) == 6
    ended = [(record.status, record.outcome) for record in records]
    assert ended == [(status, "upstream_error"), (status, "upstream_error"), (200, "completed")] * 2
    if sdk is not GEMINI:
        assert [record.client_retry_count for record in records] == [0, 1, 2] * 2


@pytest.mark.parametrize("sdk", [OPENAI, ANTHROPIC], ids=["openai", "anthropic"])
async def test_the_provider_says_when(sdk: Sdk) -> None:
    _, arrived = await held(failing(sdk, 1, 429, retry_after=str(LONGER_S)))
    assert [waited_s(*arrived[:2]) >= LONGER_S, waited_s(*arrived[2:]) >= LONGER_S] == [True, True]


def waited_s(first: Arrival, second: Arrival) -> float:
    """Between two arrivals, with what two clocks may differ by."""
    return second.at_s - first.at_s + 0.02
