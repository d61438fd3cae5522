"""What one exchange adds."""

from app.record.fact import Cost
from app.record.model import OTHER_UNITS, TOKEN_KINDS, Usage
from tables import tally
from tests.support.records import record

PRICED = Cost(nano_usd=7, price_version="v")
UNPRICED = Cost(nano_usd=None, price_version="v", unpriced_reason="no_usage")


def test_every_usage_field_but_the_flag_has_a_column() -> None:
    kinds = {*tally.TOKEN_KINDS, *OTHER_UNITS}
    assert kinds == set(Usage.model_fields) - {"estimated"}
    assert set(tally.TOKEN_KINDS) == set(TOKEN_KINDS)


def test_each_kind_of_token_lands_in_its_own_column() -> None:
    usage = {kind: number for number, kind in enumerate(tally.TOKEN_KINDS, start=100)}
    units = {unit: number for number, unit in enumerate(OTHER_UNITS, start=200)}
    row = tally.tally(record(usage=Usage(**usage, **units)), PRICED)
    assert tally.as_json(row) == {
        "requests": 1,
        "errors": 0,
        "unpriced_requests": 0,
        "cost_nano_usd": 7,
        "tokens": usage,
        "units": units,
    }


def test_a_row_of_an_older_build_is_widened_with_zeros() -> None:
    row = tally.tally(record(), PRICED)
    assert tally.widened(row[:12]) == row
    assert tally.widened(row) is row


def test_an_unknown_cost_is_counted_as_unpriced_and_not_as_zero() -> None:
    row = tally.tally(record(usage=None), UNPRICED)
    assert (row[tally.COST], row[tally.UNPRICED]) == (0, 1)
    assert tally.tally(record(), Cost(nano_usd=0, price_version="v"))[tally.UNPRICED] == 0


def test_sums() -> None:
    row = tally.tally(record(), PRICED)
    assert tally.total([row, row, row]) == [3 * value for value in row]
    assert tally.total([]) == tally.zero()
    assert tally.plus(row, tally.zero()) == row
    assert tally.tokens(row) == 1200


def test_a_sum_keeps_the_columns_of_a_newer_build() -> None:
    newer = [*tally.zero(), 7]
    one = [1] * tally.WIDTH
    assert tally.plus(newer, one) == [*one, 7]
    assert tally.plus(one, newer) == [*one, 7]
