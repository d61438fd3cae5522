"""Rates: parts and wholes, tiers, exact sums, and rounding half to even."""

from decimal import Decimal

import pytest

from app.pricing.rates import KINDS, Rate, Rates
from app.record.model import Usage

DOLLAR = Rate.of(Decimal(1))
DIME = Rate.of(Decimal("0.1"))


def test_the_smallest_published_decimal_is_exact() -> None:
    assert Rate.of(Decimal("0.000000000000000001")).base_units == 1
    assert Rate.of(Decimal("2000.000000000000000001")).base_units == 2000 * 10**18 + 1


def test_a_tier_holds_beyond_its_bound_and_the_longest_one_counts() -> None:
    rate = Rate.of(Decimal(1), {100: Decimal(2), 1000: Decimal(3)})
    per_token = 10**18
    assert [rate.at(n) // per_token for n in (0, 100, 101, 1000, 1001)] == [1, 1, 2, 2, 3]


@pytest.mark.parametrize(("tokens", "expected"), [(1, 0), (2, 1), (3, 2), (5, 2), (6, 3), (7, 4)])
def test_only_the_sum_is_rounded_half_to_even(tokens: int, expected: int) -> None:
    half_a_nano_usd = Rates(input=Rate.of(Decimal("0.0005")))
    assert half_a_nano_usd.nano_usd(Usage(input=tokens)) == expected


def test_a_part_without_a_rate_costs_what_the_whole_costs() -> None:
    rates = Rates(input=DOLLAR, output=DOLLAR)
    usage = Usage(
        input=10, output=10, cache_read=4, cache_write=3, audio_input=2, reasoning=9, audio_output=1
    )
    assert rates.nano_usd(usage) == 20_000


def test_each_part_is_taken_out_of_its_whole_once() -> None:
    rates = Rates(
        input=DOLLAR,
        output=DOLLAR,
        cache_read=DIME,
        cache_write=Rate(0),
        cache_write_1h=DIME,
        audio_input=DIME,
        reasoning=DIME,
        audio_output=DIME,
    )
    prompt = Usage(
        input=100, output=0, cache_read=10, cache_write=30, cache_write_1h=20, audio_input=10
    )
    assert rates.nano_usd(prompt) == 50 * 1000 + (10 + 20 + 10) * 100
    answer = Usage(input=0, output=100, reasoning=60, audio_output=30)
    assert rates.nano_usd(answer) == 10 * 1000 + (60 + 30) * 100


@pytest.mark.parametrize(
    "usage",
    [
        Usage(input=10, output=0, cache_read=11),
        Usage(input=10, output=0, cache_read=6, cache_write=5),
        Usage(input=10, output=0, cache_write=2, cache_write_1h=3),
        Usage(input=10, output=0, cache_write_1h=3),
        Usage(input=10, output=5, audio_input=11),
        Usage(input=10, output=5, reasoning=6),
        Usage(input=10, output=5, cache_read=1, audio_input=1),
    ],
)
def test_counts_that_contradict_each_other_have_no_price(usage: Usage) -> None:
    rates = Rates.of(dict.fromkeys(KINDS, DOLLAR), {})
    assert rates.nano_usd(usage) == "ambiguous_usage"


def test_an_hours_writes_without_all_writes_have_no_price() -> None:
    rates = Rates(input=DOLLAR, cache_write=DOLLAR)
    assert rates.nano_usd(Usage(input=10, cache_write_1h=1)) == "ambiguous_usage"
    assert rates.nano_usd(Usage(input=10, cache_write=1, cache_write_1h=1)) == 10_000


def test_counts_that_are_missing_have_no_price() -> None:
    chat = Rates(input=DOLLAR, output=DOLLAR)
    assert chat.nano_usd(Usage()) == "no_usage"
    assert chat.nano_usd(Usage(output=5)) == "no_usage"
    assert chat.nano_usd(Usage(input=5)) == "no_usage"
    assert Rates(input=DOLLAR).nano_usd(Usage(input=5)) == 5000


def test_a_fee_per_request_is_added_once() -> None:
    assert Rates(input=DOLLAR, request_units=10**15).nano_usd(Usage(input=1)) == 1001


def test_the_greatest_cost_fits_into_63_bits() -> None:
    dearest = Rate.of(Decimal(2000))
    cost = Rates(input=dearest, output=dearest).nano_usd(Usage(input=10**12, output=10**12))
    assert isinstance(cost, int)
    assert 0 < cost < 2**63


def test_the_prices_are_those_of_the_prompts_length_as_decimals() -> None:
    rates = Rates(
        input=Rate.of(Decimal("0.15"), {100: Decimal("0.3")}),
        output=Rate.of(Decimal(100)),
        request_units=5 * 10**21,
    )
    assert rates.prices(100) == {"input": "0.15", "output": "100", "request": "0.005"}
    assert rates.prices(101)["input"] == "0.3"
    smallest = Rates(input=Rate.of(Decimal("2000.000000000000000001")))
    assert smallest.prices(1) == {"input": "2000.000000000000000001"}


def test_cached_sound_costs_its_own_rate_else_that_of_the_cache_else_that_of_sound() -> None:
    usage = Usage(input=100, cache_read=30, audio_input=40, cache_audio_read=20)
    own = Rates(input=Rate(0), cache_read=DIME, audio_input=DOLLAR, cache_audio_read=Rate(0))
    assert own.nano_usd(usage) == 10 * 100 + 20 * 1000
    of_the_cache = Rates(input=Rate(0), cache_read=DIME, audio_input=DOLLAR)
    assert of_the_cache.nano_usd(usage) == 30 * 100 + 20 * 1000
    of_sound = Rates(input=Rate(0), audio_input=DOLLAR)
    assert of_sound.nano_usd(usage) == 40 * 1000


def test_tokens_without_any_rate_are_not_free() -> None:
    assert Rates(input=DOLLAR).nano_usd(Usage(input=1, output=1)) == "uncounted_kind"
    assert Rates(output=DOLLAR).nano_usd(Usage(input=1, output=1)) == "uncounted_kind"
    assert Rates(output=DOLLAR).nano_usd(Usage(input=0, output=1)) == 1000


def test_sound_by_the_hour_is_exact_to_the_millisecond() -> None:
    hour = Rates(audio_hour_units=102 * 10**22)
    # 1.02 USD an hour is 283 and a third nano-USD a millisecond: 1 -> 283, 3 -> 850
    assert [hour.nano_usd(Usage(audio_input_ms=ms)) for ms in (0, 1, 3)] == [0, 283, 850]
    assert hour.nano_usd(Usage(input=5)) == "no_usage"


def test_images_and_searches_are_charged_by_the_piece() -> None:
    rates = Rates(input=DOLLAR, web_search_units=10**22, image_units=4 * 10**22)
    assert rates.nano_usd(Usage(input=1, images=2, web_searches=3)) == 110_001_000
    assert rates.nano_usd(Usage(input=1, web_searches=3)) == "no_usage"
    once = Rates(input=DOLLAR, searching_request_units=35 * 10**21)
    assert once.nano_usd(Usage(input=1, web_searches=3)) == 35_001_000
    assert once.nano_usd(Usage(input=1)) == 1000
    assert Rates(input=DOLLAR).nano_usd(Usage(input=1, web_searches=1)) == "uncounted_kind"


def test_a_factor_changes_tokens_and_their_tiers_and_no_pieces() -> None:
    rates = Rates(input=Rate.of(Decimal(2), {9: Decimal(4)}), web_search_units=10**22)
    half = rates.times(Decimal("0.5"))
    assert half.nano_usd(Usage(input=9)) == 9 * 1000
    assert half.nano_usd(Usage(input=10, web_searches=1)) == 10 * 2000 + 10_000_000


def test_a_factor_leaves_what_it_shall_and_takes_what_is_not_there() -> None:
    rates = Rates(input=Rate.of(Decimal(4)), cache_read=DOLLAR)
    cached = Usage(input=10, cache_read=10)
    half = Decimal("0.5")
    assert rates.times(half).nano_usd(cached) == 10 * 500
    assert rates.times(half, frozenset({"cache_read"})).nano_usd(cached) == 10 * 1000
    assert rates.times(half, without=frozenset({"cache_read"})).nano_usd(cached) == 10 * 2000
