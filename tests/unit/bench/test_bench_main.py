"""Which benchmarks are run, and what is said of their time."""

import os
from pathlib import Path

import pytest

from tests.bench import __main__ as module
from tests.bench.__main__ import BENCHMARKS, LONGER, MORE, chosen, measured, times


def test_the_short_and_the_long_run() -> None:
    assert chosen(full=False) == [*BENCHMARKS]
    full = chosen(full=True)
    assert full[-len(MORE) :] == [*MORE]
    assert set(LONGER.values()) < set(full)
    assert not set(LONGER) & set(full)


def test_only_those_that_are_named_whatever_run_they_belong_to() -> None:
    assert chosen(full=False, only=["peers", "meter"]) == ["meter --rounds 1", "peers"]
    assert chosen(full=True, only=["meter"]) == ["meter --rounds 3"]
    with pytest.raises(ValueError, match="no benchmark of this name: nothing"):
        chosen(full=False, only=["relay", "nothing"])


def test_the_longest_comes_first() -> None:
    assert times({"a": 20.0, "b": 100.0}).split() == [
        "100",
        "s",
        "b",
        "20",
        "s",
        "a",
        "2",
        "minutes",
    ]


@pytest.mark.parametrize(("interpreted", "lacking"), [(True, None), (False, "no C compiler")])
def test_the_sources_are_measured_where_they_must_be(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    interpreted: bool,
    lacking: str | None,
) -> None:
    """Which is said."""
    monkeypatch.setattr(module, "why_not", lambda: lacking)
    assert measured(interpreted) == os.environ
    assert (lacking or "as you wish") in capsys.readouterr().out


def test_else_the_compiled_build_is(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Found before the sources."""
    monkeypatch.setattr(module, "why_not", lambda: None)
    monkeypatch.setattr(module, "compiled", lambda: tmp_path)
    env = measured(interpreted=False)
    assert env["PYTHONPATH"].split(os.pathsep)[0] == str(tmp_path)
    assert env["PYTHONSAFEPATH"] == "1"
