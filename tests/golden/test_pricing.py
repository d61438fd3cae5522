"""Forty exchanges with costs computed by hand: each one's, and the users' sums in the tables."""

from typing import Any

import pytest

from app.pricing import Pricer
from tables.tally import COST, REQUESTS
from tests.support.metering import Rig
from tests.support.priced import LINES, TABLE, TOTAL_NANO_USD, exchange


@pytest.fixture(scope="module")
def pricer() -> Pricer:
    return Pricer.load()


@pytest.mark.parametrize(("number", "line"), list(enumerate(LINES)))
def test_the_cost_is_the_one_computed_by_hand(
    pricer: Pricer, number: int, line: dict[str, Any]
) -> None:
    cost = pricer.price(exchange(number, line))
    assert (cost.nano_usd, cost.unpriced_reason) == (line["nano_usd"], None)
    assert cost.price_version == pricer.version


def test_the_sums_written_by_hand_are_those_of_the_lines() -> None:
    assert len(LINES) == 40
    sums = dict.fromkeys(TABLE["users"], 0)
    for line in LINES:
        sums[line["user"]] += line["nano_usd"]
    assert sums == TABLE["users"]
    assert sum(sums.values()) == TOTAL_NANO_USD


def test_the_tables_hold_the_sums_written_by_hand_after_a_replay_too(pricer: Pricer) -> None:
    rig = Rig()
    rig.meter = rig.new_meter(price=pricer.price, seen_ttl_s=2e9)
    for number, line in enumerate(LINES):
        rig.send(exchange(number, line))
    rig.drain()
    rig.rewind()
    rig.drain()
    held = {user: rig.aggregate(user).totals[COST] for user in TABLE["users"]}
    assert held == TABLE["users"]
    assert sum(rig.aggregate(user).totals[REQUESTS] for user in TABLE["users"]) == 40
