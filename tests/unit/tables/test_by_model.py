"""Totals by model: bounded, deterministic, nothing lost."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from tables import by_model
from tables.by_model import KEPT, OTHER, SHOWN, ByModel, bounded_name, count_in, shown
from tables.tally import REQUESTS, Row, total, zero

ONE: Row = [1, *zero()[1:]]


def of(names: list[str]) -> ByModel:
    models = by_model.empty()
    for name in names:
        models = count_in(models, name, ONE)
    return models


@given(st.lists(st.integers(0, 60).map(lambda number: f"m{number}"), max_size=300))
def test_no_request_is_lost_and_the_bound_holds(names: list[str]) -> None:
    models = of(names)
    assert len(models.named) <= KEPT
    assert total([*models.named.values(), models.other])[REQUESTS] == len(names)
    rows = shown(models)
    assert len(rows) <= SHOWN + 1
    assert sum(row[REQUESTS] for row in rows.values()) == len(names)


@given(st.lists(st.integers(0, KEPT - 1).map(lambda number: f"m{number}"), max_size=300))
def test_the_top_is_exact_while_all_models_fit(names: list[str]) -> None:
    expected = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
    rows = shown(of(names))
    rows.pop(OTHER, None)
    assert [(name, row[REQUESTS]) for name, row in rows.items()] == expected


def test_the_least_used_makes_room_and_folds_into_other() -> None:
    names = [f"m{number}" for number in range(KEPT)] * 2
    names.remove("m7")
    models = of([*names, "newcomer"])
    assert "m7" not in models.named
    assert "newcomer" in models.named
    assert models.other[REQUESTS] == 1


def test_models_seen_once_push_out_each_other_and_not_the_top() -> None:
    busy = [f"busy-{number:02d}" for number in range(SHOWN)]
    names = busy * 3
    for number in range(500):
        names += [f"rare-{number}", busy[number % SHOWN]]
    rows = shown(of(names))
    assert [*sorted(rows)] == sorted([*busy, OTHER])
    assert rows[OTHER][REQUESTS] == 500


def test_a_model_called_other_is_counted_there() -> None:
    assert shown(of([OTHER, OTHER])) == {OTHER: [2, *zero()[1:]]}


def test_merge_keeps_every_name() -> None:
    merged = by_model.merge([of(["a", "b"]), of(["b", OTHER])])
    assert {name: row[REQUESTS] for name, row in shown(merged).items()} == {
        "b": 2,
        "a": 1,
        OTHER: 1,
    }


def test_counting_leaves_the_original_alone() -> None:
    models = of(["a"])
    count_in(models, "a", ONE)
    count_in(models, "b", ONE)
    assert models == of(["a"])


def test_names_are_bounded_and_long_ones_stay_apart() -> None:
    assert bounded_name(None) == bounded_name("") == by_model.UNKNOWN
    assert bounded_name("gpt-4o") == "gpt-4o"
    one, other = bounded_name("é" * 200 + "1"), bounded_name("é" * 200 + "2")
    assert one != other
    assert len(one.encode()) <= by_model.MAX_NAME_BYTES
    assert bounded_name("x" * by_model.MAX_NAME_BYTES) == "x" * by_model.MAX_NAME_BYTES
