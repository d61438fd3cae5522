"""Hourly and daily buckets: an ascending series of rows, bounded, evicted by the broker's time.

A bucket is `[number, *counts]`; its number is the count of whole hours (or days) since the Unix
epoch. What a record claims about its own time decides only where it is counted, never what is
dropped: that is for the broker's time alone, so that a producer's wrong clock evicts nothing.
"""

from collections.abc import Iterable
from itertools import chain
from typing import NamedTuple

from tables.tally import BUCKET_WIDTH, Row, plus

MAX_AHEAD_S = 300


class Grain(NamedTuple):
    """How long a bucket is, and how many of them up to the broker's time are kept."""

    width_s: int
    kept: int


HOURLY = Grain(width_s=3600, kept=48)
DAILY = Grain(width_s=86_400, kept=32)


def count_in(series: list[Row], grain: Grain, at_s: float, now_s: float, delta: Row) -> list[Row]:
    """The series with `delta` added at `at_s`, and without what is too old at `now_s`.

    `now_s` is the broker's time. Lengths are at most `grain.kept` + 1: the bucket that is
    `MAX_AHEAD_S` ahead. If the broker's time went back, the buckets furthest ahead go first.
    """
    oldest, newest = window(grain, now_s)
    kept = series.copy()
    _add(kept, int(at_s // grain.width_s), delta)
    if kept[0][0] < oldest:
        kept = [row for row in kept if row[0] >= oldest]
    while len(kept) > grain.kept + 1:
        kept.pop(-1 if kept[-1][0] > newest else 0)
    return kept


def window(grain: Grain, now_s: float) -> tuple[int, int]:
    """The numbers of the oldest and the newest bucket that count at `now_s`."""
    oldest = int(now_s // grain.width_s) - grain.kept + 1
    return oldest, int((now_s + MAX_AHEAD_S) // grain.width_s)


def merge(many: Iterable[list[Row]]) -> list[Row]:
    """One series of all counts; for reading, so it may be longer than one that is kept."""
    merged: dict[int, Row] = {}
    for number, *counts in chain.from_iterable(many):
        merged[number] = plus(merged[number], counts) if number in merged else counts
    return [[number, *merged[number]] for number in sorted(merged)]


def _add(series: list[Row], number: int, delta: Row) -> None:
    at = len(series)
    while at and series[at - 1][0] > number:
        at -= 1
    if at and series[at - 1][0] == number:
        series[at - 1] = [number, *plus(series[at - 1][1:], delta)]
    else:
        series.insert(at, [number, *delta[:BUCKET_WIDTH]])
