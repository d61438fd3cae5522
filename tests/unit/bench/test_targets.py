"""The table of targets: verdicts, and figures that must not be taken for this run's."""

import os
from pathlib import Path

import pytest

from tests.bench.targets import NOT_MEASURED, TARGETS, Target, measured, table

AT_MOST = Target("cost", "relay", lambda figures: float(figures["cost"]), 0.6, 0.4, "d")
AT_LEAST = Target("rate", "meter", lambda figures: float(figures["rate"]), 3, 5, "×", at_least=True)


@pytest.mark.parametrize(
    ("target", "figure", "verdict"),
    [
        (AT_MOST, 0.4, "goal"),
        (AT_MOST, 0.6, "must"),
        (AT_MOST, 0.61, "MISSED"),
        (AT_LEAST, 5.0, "goal"),
        (AT_LEAST, 3.0, "must"),
        (AT_LEAST, 2.9, "MISSED"),
        (AT_LEAST, None, NOT_MEASURED),
    ],
)
def test_a_figure_is_judged_by_the_bound_it_meets(
    target: Target, figure: float | None, verdict: str
) -> None:
    assert target.verdict(figure) == verdict


def test_a_figure_is_read_only_from_a_file_of_this_run(tmp_path: Path) -> None:
    assert measured(AT_MOST, 0, tmp_path) is None
    kept = tmp_path / "relay.json"
    kept.write_text('{"cost": 0.5}')
    os.utime(kept, (100, 100))
    assert measured(AT_MOST, 100, tmp_path) == 0.5
    assert measured(AT_MOST, 101, tmp_path) is None
    kept.write_text("{}")
    assert measured(AT_MOST, 0, tmp_path) is None


def test_what_nobody_measured_stands_in_the_table(tmp_path: Path) -> None:
    rows = table(0, tmp_path).splitlines()[2:]
    assert len(rows) == len(TARGETS)
    assert all(row.endswith(f"| {NOT_MEASURED} |") for row in rows)
