"""What `setup.py` compiles: modules that mypyc takes, and that mean the same when it has."""

import ast
import runpy
import tomllib
from collections.abc import Callable
from typing import Any

import pytest
import setuptools

from tests.support.house.sources import REPO

PATTERNS = tomllib.loads((REPO / "pyproject.toml").read_text())["tool"]["tailrace"]["compiled"]
# A model is made by its metaclass; an attribute of a compiled class is that of all threads.
NOT_TO_INHERIT = {"BaseModel", "WireModel", "Protocol[Item]", "threading.local"}


@pytest.fixture
def setup(monkeypatch: pytest.MonkeyPatch) -> Callable[[], dict[str, Any]]:
    """Run it, without an installation; its names, and under `asked` what it asks for."""

    def run() -> dict[str, Any]:
        asked: dict[str, Any] = {}
        monkeypatch.setattr(setuptools, "setup", asked.update)
        return runpy.run_path(str(REPO / "setup.py")) | {"asked": asked}

    return run


@pytest.mark.parametrize("compiled", ["0", "1"])
def test_nothing_is_compiled_but_into_a_wheel(
    setup: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch, compiled: str
) -> None:
    """As for `pip install -e`, or for the metadata, which are asked for first."""
    monkeypatch.setenv("TAILRACE_COMPILED", compiled)
    assert setup()["asked"] == {"ext_modules": []}


@pytest.mark.parametrize("pattern", PATTERNS["modules"])
def test_each_pattern_names_modules(pattern: str) -> None:
    assert list(REPO.glob(pattern))


def test_what_is_compiled_means_the_same(setup: Callable[[], dict[str, Any]]) -> None:
    modules = setup()["compiled_modules"]()
    assert {"proxy/relay/call.py", "app/record/draft.py"} <= set(modules)
    for module in modules:
        for node in ast.walk(ast.parse((REPO / module).read_text())):
            if isinstance(node, ast.ClassDef):
                assert not NOT_TO_INHERIT & set(map(ast.unparse, node.bases)), (module, node.name)
