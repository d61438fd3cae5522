import pytest

from app.record.model import Outcome
from proxy.capture.verdict import verdict
from proxy.exchange import Ending


@pytest.mark.parametrize(
    "outcome", ["completed", "client_abort", "timeout", "refused", "upstream_error"]
)
def test_where_nothing_speaks_against_it_the_relay_is_believed(outcome: Outcome) -> None:
    ending = Ending(outcome, "why")
    assert verdict(ending, 200, None, failed=False, truncated=False) == (outcome, "why")


@pytest.mark.parametrize("outcome", ["completed", "client_abort", "timeout"])
def test_an_error_of_the_upstream_is_its_own(outcome: Outcome) -> None:
    ending = Ending(outcome)
    assert verdict(ending, 429, "slow", failed=False, truncated=False) == ("upstream_error", "slow")
    assert verdict(ending, 200, "oh", failed=True, truncated=True) == ("upstream_error", "oh")


def test_a_status_alone_is_an_error_as_well() -> None:
    ending = Ending("completed")
    found = verdict(ending, 502, None, failed=False, truncated=False)
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
    assert verdict(Ending(outcome), 200, None, failed=False, truncated=True) == expected


def test_without_a_response() -> None:
    ending = Ending("refused", "no such upstream")
    found = verdict(ending, None, None, failed=False, truncated=False)
    assert found == ("refused", "no such upstream")
