"""The demo's table: what came between two answers, and a verdict that can be no."""

from typing import Any

import pytest

from app.cli.demo import difference, report
from app.cli.demo_traffic import Answer, Sent


def row(requests: int, tokens_in: int, tokens_out: int, nano_usd: int) -> dict[str, Any]:
    """The part of a live row that the demo reads."""
    tokens = {"input": tokens_in, "output": tokens_out}
    return {"requests": requests, "tokens": tokens, "cost_nano_usd": nano_usd}


def sent(*bodies: bytes) -> Sent:
    """What one user sent; each relayed body is `same`."""
    one = Sent()
    for body in bodies:
        one.add("call", Answer(body, 2, 3), Answer(b"same", 2, 3))
    return one


def test_difference_counts_from_nothing_and_from_an_earlier_row() -> None:
    """A user who was there before the demo keeps what was counted then."""
    assert difference(row(3, 30, 20, 10), None) == (3, 30, 20, 10)
    assert difference(row(3, 30, 20, 10), row(1, 10, 5, 4)) == (2, 20, 15, 6)


def test_report_is_content_when_all_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    """Two calls of 2 and 3 tokens cost 2 · (2 · 1000 + 3 · 2000) nano-USD at the mock's prices."""
    assert report({"a": sent(b"same", b"same")}, {"a": None}, {"a": row(2, 4, 6, 16_000)}) == 0
    assert "2 of 2 bodies" in capsys.readouterr().out


@pytest.mark.parametrize(
    "after", [row(3, 4, 6, 16_000), row(2, 5, 6, 16_000), row(2, 4, 6, 16_001)]
)
def test_report_fails_on_any_wrong_total(after: dict[str, Any]) -> None:
    """A request, a token or a nano-dollar too many."""
    assert report({"a": sent(b"same", b"same")}, {"a": None}, {"a": after}) == 1


def test_report_fails_on_a_body_that_differs(capsys: pytest.CaptureFixture[str]) -> None:
    """And names the call."""
    assert report({"a": sent(b"same", b"other")}, {"a": None}, {"a": row(2, 4, 6, 16_000)}) == 1
    assert "differs: call" in capsys.readouterr().out
