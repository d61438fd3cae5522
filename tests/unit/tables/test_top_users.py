"""The ranking of users: exact, by tenant, by partition."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import Unavailable
from app.record.keys import anonymous_key, user_key
from tables.aggregate import NEW, Aggregate
from tables.tally import COLUMNS, COST, ERRORS, INPUT, OUTPUT, REQUESTS, Row, plus, zero
from tables.top_users import ORDERS, Order, TopUsers


def aggregate(**columns: int) -> Aggregate:
    """An aggregate with these totals."""
    return NEW._replace(totals=[columns.get(name, 0) for name in COLUMNS])


def names(top: TopUsers, order: Order, limit: int = 100, tenant: str = "t") -> list[str]:
    return [standing.user for standing in top.top(order, limit, tenant)]


def test_each_order_ranks_by_its_own_number() -> None:
    top = TopUsers(10)
    top.put(0, user_key("t", "rich"), aggregate(requests=1, cost_nano_usd=9))
    top.put(1, user_key("t", "busy"), aggregate(requests=9))
    top.put(2, user_key("t", "wordy"), aggregate(requests=2, input=5, output=6, reasoning=6))
    top.put(3, user_key("t", "unlucky"), aggregate(requests=3, errors=3, input=10))
    assert [names(top, order)[0] for order in ORDERS] == ["rich", "busy", "wordy", "unlucky"]


def test_equal_users_are_in_the_order_of_their_names() -> None:
    top = TopUsers(10)
    for name in ("c", "a", "b"):
        top.put(0, user_key("t", name), aggregate(requests=1))
    assert names(top, "requests", 2) == ["a", "b"]


def test_our_share_of_a_list_always_has_the_anonymous_user() -> None:
    top = TopUsers(10)
    for number in range(3):
        top.put(0, user_key("t", f"u{number}"), aggregate(requests=9))
    assert [each.user for each in top.share("requests", 2, "t")] == ["u0", "u1"]
    top.put(1, anonymous_key("t", 5), aggregate(requests=1))
    assert [each.user for each in top.share("requests", 2, "t")] == ["u0", "u1", "anonymous"]
    assert [each.user for each in top.share("requests", 9, "t")][-1] == "anonymous"
    assert len(top.share("requests", 9, "t")) == 4


increments = st.tuples(
    st.integers(0, 2),
    st.integers(0, 25),
    st.tuples(st.integers(0, 5), st.integers(0, 1000), st.integers(0, 50)),
)


@given(st.lists(increments, max_size=250), st.integers(1, 6))
def test_the_top_is_that_of_all_users(
    steps: list[tuple[int, int, tuple[int, int, int]]], kept: int
) -> None:
    top = TopUsers(kept)
    everyone: defaultdict[bytes, Row] = defaultdict(zero)
    for tenant, number, (errors, cost, output) in steps:
        key = user_key(f"t{tenant}", f"u{number}")
        delta = zero()
        delta[REQUESTS], delta[ERRORS], delta[COST], delta[OUTPUT] = 1, errors, cost, output
        everyone[key] = plus(everyone[key], delta)
        top.put(number % 4, key, NEW._replace(totals=everyone[key]))
    for tenant in range(3):
        rows = [row for key, row in everyone.items() if key.startswith(b"t%d|" % tenant)]
        for order, value in (
            ("cost", lambda row: row[COST]),
            ("requests", lambda row: row[REQUESTS]),
            ("tokens", lambda row: row[INPUT] + row[OUTPUT]),
            ("errors", lambda row: row[ERRORS]),
        ):
            expected = sorted(map(value, rows), reverse=True)[:kept]
            found = top.top(order, kept, f"t{tenant}")
            assert [standing.value(order) for standing in found] == expected


def test_no_more_than_twice_the_kept_are_held_per_order() -> None:
    top = TopUsers(5)
    for number in range(500):
        top.put(
            0, user_key("t", f"u{number}"), aggregate(requests=1 + number % 7, cost_nano_usd=number)
        )
    held = top._tenants["t"][0].rankings
    assert all(len(ranking.best) <= 10 for ranking in held.values())
    assert names(top, "cost") == ["u499", "u498", "u497", "u496", "u495"]


def test_tenants_do_not_see_each_other() -> None:
    top = TopUsers(10)
    top.put(0, user_key("one", "a"), aggregate(requests=1))
    top.put(0, user_key("two", "b"), aggregate(requests=2))
    assert names(top, "requests", tenant="one") == ["a"]
    assert names(top, "requests", tenant="nobody") == []


def test_the_anonymous_sub_keys_are_one_user() -> None:
    top = TopUsers(2)
    for subkey in range(16):
        seen_ms = {"first_seen_ms": 100 - subkey, "last_seen_ms": 200 + subkey}
        one = aggregate(requests=subkey, cost_nano_usd=1)._replace(**seen_ms)
        top.put(subkey % 4, anonymous_key("t", subkey), one)
    top.put(0, user_key("t", "alice"), aggregate(requests=119, cost_nano_usd=17))
    assert names(top, "requests") == ["anonymous", "alice"]
    assert names(top, "cost") == ["alice", "anonymous"]
    anonymous = top.top("requests", 1, "t")[0]
    assert anonymous.totals[REQUESTS] == sum(range(16))
    assert (anonymous.first_seen_ms, anonymous.last_seen_ms) == (85, 215)


def test_a_dropped_partition_takes_its_users_along() -> None:
    top = TopUsers(10)
    top.put(0, user_key("t", "stays"), aggregate(requests=1))
    top.put(1, user_key("t", "goes"), aggregate(requests=2))
    top.put(1, user_key("gone", "goes"), aggregate(requests=2))
    top.drop(1)
    assert names(top, "requests") == ["stays"]
    assert "gone" not in top._tenants
    top.drop(7)


def test_a_rebuild_never_sets_a_user_back() -> None:
    top = TopUsers(10)
    for key in (user_key("t", "alice"), anonymous_key("t", 3)):
        top.put(0, key, aggregate(requests=5))
        top.put(0, key, aggregate(requests=4))
    assert [standing.totals[REQUESTS] for standing in top.top("requests", 9, "t")] == [5, 5]


def test_the_index_is_not_ready_while_a_partition_is_rebuilt() -> None:
    top = TopUsers(10)
    top.check_ready()
    top.put(0, user_key("t", "old"), aggregate(requests=1))
    top.begin(0)
    assert names(top, "requests") == []
    with pytest.raises(Unavailable):
        top.check_ready()
    top.finish(0)
    top.check_ready()
    top.begin(1)
    top.drop(1)
    top.check_ready()
