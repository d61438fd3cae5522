import pytest

from app.record.model import Outcome
from proxy.capture.verdict import verdict
from proxy.dialects.base import ResponseFacts
from proxy.exchange import Ending

NOTHING = ResponseFacts()
FAILED = ResponseFacts(failed=True)


@pytest.mark.parametrize(
    "outcome", ["completed", "client_abort", "timeout", "refused", "upstream_error"]
)
def test_where_nothing_speaks_against_it_the_relay_is_believed(outcome: Outcome) -> None:
    ending = Ending(outcome, "why")
    assert verdict(ending, 200, None, NOTHING, truncated=False) == (outcome, "why")


@pytest.mark.parametrize("outcome", ["completed", "client_abort", "timeout"])
def test_an_error_of_the_upstream_is_its_own(outcome: Outcome) -> None:
    ending = Ending(outcome)
    assert verdict(ending, 429, "slow", NOTHING, truncated=False) == ("upstream_error", "slow")
    assert verdict(ending, 200, "oh", FAILED, truncated=True) == ("upstream_error", "oh")


def test_a_status_alone_is_an_error_as_well() -> None:
    ending = Ending("completed")
    found = verdict(ending, 502, None, NOTHING, truncated=False)
    assert found == ("upstream_error", "status 502")


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("completed", ("upstream_error", "truncated")),
        ("client_abort", ("client_abort", None)),
        ("timeout", ("timeout", None)),
    ],
)
def test_a_stream_cut_short(outcome: Outcome, expected: tuple[str, str | None]) -> None:
    assert verdict(Ending(outcome), 200, None, NOTHING, truncated=True) == expected


def test_without_a_response() -> None:
    ending = Ending("refused", "no such upstream")
    found = verdict(ending, None, None, NOTHING, truncated=False)
    assert found == ("refused", "no such upstream")


@pytest.mark.parametrize("reason", ["refusal", "content_filter", "SAFETY", "PROHIBITED_CONTENT"])
def test_an_answer_that_was_withheld(reason: str) -> None:
    facts = ResponseFacts(finish_reason=reason)
    assert verdict(Ending("completed"), 200, None, facts, truncated=False) == ("refusal", None)
    assert verdict(Ending("client_abort"), 200, None, facts, truncated=False)[0] == "client_abort"
    cut = verdict(Ending("completed"), 200, None, facts, truncated=True)
    assert cut == ("upstream_error", "truncated")


@pytest.mark.parametrize("reason", [None, "stop", "length", "max_tokens", "tool_use", "OTHER"])
def test_any_other_end_is_no_refusal(reason: str | None) -> None:
    facts = ResponseFacts(finish_reason=reason)
    assert verdict(Ending("completed"), 200, None, facts, truncated=False) == ("completed", None)
