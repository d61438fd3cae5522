"""`tailrace reconcile` as far as it goes without a broker."""

import argparse

import pytest

from app.accounting.counts import Counts
from app.accounting.identity import Cell, Ledger, Seen
from app.cli.reconcile import _say, span_s


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("30m", 1800), ("24h", 86_400)])
def test_spans(text: str, seconds: float) -> None:
    assert span_s(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "h", "-1h", "1.5h", "1w"])
def test_what_is_no_span(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError):
        span_s(text)


def test_it_says_whether_it_adds_up(capsys: pytest.CaptureFixture[str]) -> None:
    """What the spill lost without a name explains as much that is missing."""
    ledger = Ledger()
    minute = 29_000_000
    ledger.add_counts(
        Counts(producer_id="p", tenant="t", minute=minute, proxied=3, durable=3, last_sequence=2)
    )
    ledger.add_metered(Seen(Cell("t", minute, "p"), "id", 0))
    assert _say(ledger, ledger.lines(young_from=minute + 1), as_json=False) == 1
    told = capsys.readouterr()
    assert "sequences 1 to 2" in told.out
    assert "2 missing" in told.err
    ledger.add_counts(Counts(producer_id="p", tenant="?", minute=0, dropped={"spill": 2}))
    assert _say(ledger, ledger.lines(young_from=minute + 1), as_json=False) == 0
    assert "the spill gave up 2 records" in capsys.readouterr().out
