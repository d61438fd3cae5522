"""`tailrace dlq` as far as it goes without a broker; the rest is in tests/integration."""

import argparse
from datetime import UTC, datetime

import pytest

from app.cli.dlq import _count, _place, _time, filter_of, plan_of, register
from config import Settings


def test_times_are_utc_where_they_do_not_say() -> None:
    assert _time("2026-11-23T12:00") == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert _time("2026-11-23T12:00+02:00").hour == 12
    with pytest.raises(argparse.ArgumentTypeError):
        _time("yesterday")


def test_places_and_counts_are_ones() -> None:
    assert (_place("1:3"), _count("20")) == ("1:3", 20)
    for check, text in ((_place, "1"), (_place, "-1:3"), (_count, "0"), (_count, "many")):
        with pytest.raises(argparse.ArgumentTypeError):
            check(text)


def test_arguments_are_a_filter_and_a_plan() -> None:
    parser = argparse.ArgumentParser()
    register(parser.add_subparsers())
    replay = parser.parse_args(
        ["dlq", "replay", "--reason", "invalid", "--reason", "too_large", "--limit", "7", "--again"]
    )
    assert filter_of(replay).reasons == ["invalid", "too_large"]
    plan = plan_of(replay, Settings())
    assert (plan.limit, plan.again, plan.rules.max_attempts) == (7, True, 3)
    assert (plan.rules.max_age_s, plan.rules.seen_ttl_s) == (5 * 86_400, 10 * 86_400)
    more = parser.parse_args(["dlq", "replay", "--max-attempts", "9"])
    assert plan_of(more, Settings()).rules.max_attempts == 9
    assert filter_of(parser.parse_args(["dlq", "list", "--waiting"])).waiting
