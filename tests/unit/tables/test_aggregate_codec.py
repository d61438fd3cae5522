"""Aggregate to bytes and back: whole, bounded, and never an odd exception."""

import random
from datetime import UTC, datetime
from functools import cache
from statistics import median

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from app.engine.contracts import Position
from app.errors import RecordError
from app.record.fact import Cost
from app.record.model import Timings, Usage
from tables import aggregate_codec, buckets, by_model, histogram, tally
from tables.aggregate import Aggregate, apply
from tables.aggregate_codec import MAX_BYTES, VERSION, VERSION_BIG, decode, encode
from tables.by_model import ByModel
from tables.histogram import Histogram
from tests.support.records import record

NOW_S = 1_790_000_000.0
BASE = record()
MANY_DIGITS = 10**16 - 1


@cache
def simulated(requests: int, days: float, models: int, *, seed: int = 1) -> Aggregate:
    """A user who calls at random over some days."""
    rng = random.Random(seed)
    times_s = sorted(NOW_S - rng.random() * days * 86_400 for _ in range(requests))
    known = None
    for offset, time_s in enumerate(times_s):
        made = BASE.model_copy(
            update={
                "started_at": datetime.fromtimestamp(time_s, UTC),
                "model": f"vendor/model-{rng.randrange(models)}-2026-01-01",
                "timings_ms": Timings(
                    total=rng.lognormvariate(7, 0.8), first_token=rng.lognormvariate(5.5, 0.6)
                ),
                "usage": Usage(input=rng.randrange(3000), output=rng.randrange(900)),
            }
        )
        cost = Cost(nano_usd=rng.randrange(10**8), price_version="v")
        known = apply(known, made, cost, Position("e1", "t", 0, offset), time_s)
    assert known is not None
    return known


def largest() -> Aggregate:
    """Everything full, every number of 16 digits, every name as long as it may be."""
    columns, width = len(tally.COLUMNS), tally.BUCKET_WIDTH
    lowest = histogram.bucket_of(histogram.MIN_MS)
    full = Histogram(
        list(range(lowest, lowest + histogram.MAX_BUCKETS)),
        [MANY_DIGITS] * histogram.MAX_BUCKETS,
    )
    row = [MANY_DIGITS] * columns
    names = [by_model.bounded_name(f"{number:02d}" + '"' * 300) for number in range(by_model.KEPT)]
    outcomes = ("completed", "client_abort", "upstream_error", "timeout", "refused", "refusal")

    def series(grain: buckets.Grain) -> list[list[int]]:
        return [[10**6 + n, *[MANY_DIGITS] * width] for n in range(grain.kept + 1)]

    return Aggregate(
        row,
        dict.fromkeys(outcomes, MANY_DIGITS),
        full,
        full,
        ByModel(dict.fromkeys(names, row), row),
        series(buckets.HOURLY),
        series(buckets.DAILY),
        MANY_DIGITS,
        MANY_DIGITS,
        "e" * 64,
        MANY_DIGITS,
    )


@pytest.mark.parametrize("known", [simulated(1, 1, 1), simulated(300, 40, 30), largest()])
def test_a_round_trip_changes_nothing(known: Aggregate) -> None:
    assert decode(encode(known)) == known


def test_two_hundred_models_over_forty_days_stay_within_the_limit() -> None:
    known = simulated(3000, 40, 200)
    assert known.models.other[tally.REQUESTS] > 0
    assert len(encode(known)) <= MAX_BYTES


def test_the_largest_value_fits_even_uncompressed() -> None:
    value = encode(largest())
    assert len(zstandard.ZstdDecompressor().decompress(value[1:])) < MAX_BYTES
    assert len(value) <= MAX_BYTES


def test_most_users_take_less_than_four_kilobytes() -> None:
    rng = random.Random(2)
    sizes = [
        len(encode(simulated(int(rng.lognormvariate(4, 1.5)) + 1, 40, 5, seed=seed)))
        for seed in range(25)
    ]
    assert median(sizes) <= 4096


@pytest.mark.parametrize("total", [2**63, 2**64, 10**30])
def test_numbers_beyond_64_bits_stay_exact(total: int) -> None:
    known = simulated(3, 1, 1)
    known = known._replace(totals=[total, *known.totals[1:]])
    value = encode(known)
    assert decode(value) == known
    assert value[:1] == (VERSION if total < 2**64 else VERSION_BIG)


def test_a_user_of_giant_records_is_counted_exactly() -> None:
    giant = record(usage=Usage(input=10**12, output=10**12))
    known = None
    for offset in range(50):
        cost = Cost(nano_usd=10**18, price_version="v")
        known = apply(known, giant, cost, Position("e", "t", 0, offset), NOW_S)
        known = decode(encode(known))
    assert known is not None
    assert known.totals[tally.COST] == 50 * 10**18
    assert known.totals[tally.INPUT] == 50 * 10**12


@pytest.mark.parametrize("value", [b"", b"\x00", b"\x09" + encode(simulated(1, 1, 1))[1:]])
def test_an_unknown_version_is_said(value: bytes) -> None:
    with pytest.raises(RecordError, match="unknown version") as caught:
        decode(value)
    assert caught.value.reason == "step_failed"


def test_rows_of_an_older_build_are_read_with_zeros_for_what_it_did_not_know() -> None:
    known = simulated(5, 1, 2)
    models = ByModel({name: row[:12] for name, row in known.models.named.items()}, [0] * 12)
    older = known._replace(totals=known.totals[:12], models=models)
    assert decode(encode(older)) == known


def test_too_few_places_are_damage() -> None:
    value = VERSION + aggregate_codec._compress(b"[1,2,3]")
    with pytest.raises(RecordError, match="damaged"):
        decode(value)
    with pytest.raises(RecordError, match="damaged"):
        decode(VERSION + aggregate_codec._compress(b"7"))


@given(st.sampled_from([VERSION, VERSION_BIG, b""]), st.binary(max_size=200))
def test_random_bytes_raise_nothing_but_ours(version: bytes, body: bytes) -> None:
    with pytest.raises(RecordError):
        decode(version + body)
