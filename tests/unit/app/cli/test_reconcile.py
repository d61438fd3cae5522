"""`tailrace reconcile` as far as it goes without a broker."""

import argparse
import json

import pytest

from app.accounting.counts import Counts
from app.accounting.fates import Cell, Seen
from app.accounting.identity import Ledger
from app.accounting.retention import Kept
from app.cli.reconcile import _say, check_span, span_s, span_text
from app.errors import StartError

MINUTE = 29_000_000


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("24h", 86_400)])
def test_spans(text: str, seconds: float) -> None:
    assert span_s(text) == seconds
    assert span_s(span_text(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "1", "h", "-1h", "1.5h", "1w"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        span_s(text)


def test_a_span_beyond_what_is_kept_is_refused() -> None:
    """With the topic that forgets first; else what it has forgotten would be missing."""
    check_span(7 * 86_400, Kept("tailrace.facts", 7 * 86_400))
    check_span(1e9, None)
    with pytest.raises(StartError, match=r"--since 10d: tailrace\.facts .* for 7d"):
        check_span(10 * 86_400, Kept("tailrace.facts", 7 * 86_400))


def three_proxied(*, tenant: str = "t") -> Ledger:
    """Two of them are missing."""
    ledger = Ledger()
    ledger.add_counts(
        Counts(producer_id="p", tenant=tenant, minute=MINUTE, proxied=3, durable=3, last_sequence=2)
    )
    ledger.add_metered(Seen(Cell(tenant, MINUTE, "p"), "id", 0))
    return ledger


def lost(minute: int, **dropped: int) -> Counts:
    return Counts(producer_id="q", tenant="?", minute=minute, dropped=dropped)


def said(ledger: Ledger, **options: object) -> int:
    lines = ledger.lines(young_from=MINUTE + 1)
    return _say(ledger, lines, **{"as_json": False, **options})  # type: ignore[arg-type]


def test_it_says_whether_it_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    """What the spill lost without a name explains as much that is missing."""
    ledger = three_proxied()
    assert said(ledger) == 1
    told = capsys.readouterr()
    assert "sequences 1 to 2" in told.out
    assert "2 missing" in told.err
    ledger.add_counts(lost(MINUTE, spill=1, refused=1))
    assert said(ledger) == 0
    assert "gave up 1 records, and the broker refused 1 of its replay" in capsys.readouterr().out


def test_a_loss_explains_nothing_that_was_made_after_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nor anything where nobody knows when it was, as older builds tell it."""
    ledger = three_proxied()
    ledger.add_counts(lost(0, spill=1000))
    ledger.add_counts(lost(MINUTE - 1, spill=1000))
    assert said(ledger) == 1
    told = capsys.readouterr()
    assert (
        "1000 records of unknown tenants were lost at unknown times: they explain none" in told.out
    )
    assert "2 missing, 0 in excess" in told.err
    ledger.add_counts(lost(MINUTE, spill=1))
    assert said(ledger) == 1
    assert "2 missing, 1 of them explained" in capsys.readouterr().err


def test_what_no_loss_explains_may_be_missing_of_any_tenant(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Two tenants miss two each, three were lost of nobody knows whom."""
    ledger = three_proxied()
    ledger.add_counts(
        Counts(producer_id="p", tenant="u", minute=MINUTE, proxied=2, durable=2, last_sequence=4)
    )
    ledger.add_counts(lost(MINUTE, spill=3))
    for tenant in ("t", "u"):
        assert said(ledger, tenant=tenant, as_json=True) == 1
        answer = json.loads(capsys.readouterr().out)
        assert [line["tenant"] for line in answer["lines"]] == [tenant]
        assert (answer["unexplained"], answer["lost_by_spill"]) == (1, 3)


def test_what_is_not_compared_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = three_proxied()
    for sequence in (1, 2):
        ledger.add_metered(Seen(Cell("t", MINUTE, "p"), f"id{sequence}", sequence))
    ledger.add_counts(Counts(producer_id="p", tenant="?", minute=0, proxied=5, durable=5))
    ledger.add_metered(Seen(Cell("no-place", MINUTE, "p"), "id3", 3))
    assert said(ledger) == 0
    told = capsys.readouterr().out
    assert "5 exchanges, at whatever time, had no place" in told
    assert "1 records in 1 minutes of tenants are compared with nothing" in told
    assert "no-place " not in told
    assert "3 exchanges proxied: it adds up" in told
