import subprocess

import pytest

from tests.support.house.sources import REPO, sample, sources, tracked_texts


def test_module_names() -> None:
    assert sample("app/record/model.py").module == "app.record.model"
    assert sample("app/record/__init__.py").module == "app.record"
    assert sample("app/record/__init__.py").is_package
    assert not sample("app/init.py").is_package


def test_functions_at_any_depth() -> None:
    text = "class A:\n    async def a(self):\n        def b(): pass\n"
    assert [each.name for each in sample("x.py", text).functions] == ["a", "b"]


def test_where() -> None:
    source = sample("a/x.py", "\n\nx = 1\n")
    assert source.at(source.tree.body[0]) == "a/x.py:3"


def test_all_files_below_a_folder() -> None:
    found = {str(source.path) for source in sources("config", "tests")}
    assert {"config/settings.py", "tests/unit/support/house/test_sources.py"} <= found
    assert not any(name.startswith("app/") for name in found)


def test_without_git_the_same_files_are_found(monkeypatch: pytest.MonkeyPatch) -> None:
    with_git = tracked_texts()

    def no_git(*_: object, **__: object) -> None:
        raise FileNotFoundError("git")

    monkeypatch.setattr(subprocess, "run", no_git)
    assert with_git.keys() <= tracked_texts().keys()
    assert with_git["Makefile"] == (REPO / "Makefile").read_text(encoding="utf-8")
