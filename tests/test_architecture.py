"""The rules of the house, held against every file. The rules are in `tests/support/house`."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

from app.reference.routes import ROUTES
from config.loading import KEYS
from tests.support.house.imports import forbidden_imports
from tests.support.house.mirrors import missing_mirrors
from tests.support.house.privacy import private_names
from tests.support.house.sizes import long_functions, long_modules, long_shells
from tests.support.house.sources import PACKAGES, REPO, Source, sources, tracked_texts
from tests.support.house.texts import foreign_places
from tests.support.house.words import missing_docstrings, missing_maps, unread_fields, vague_names
from tests.support.strangers import OTHERWISE, PROBES

CODE = sources(*PACKAGES)
TESTS = sources("tests")
Rule = Callable[[Source], list[str]]


def held(complaints: list[str]) -> None:
    """Fail with one line per complaint."""
    if complaints:
        pytest.fail(f"{len(complaints)} complaints:\n" + "\n".join(complaints), pytrace=False)


@pytest.mark.parametrize(
    "rule",
    [
        forbidden_imports,
        long_modules,
        long_functions,
        private_names,
        missing_maps,
        missing_docstrings,
        vague_names,
    ],
)
def test_the_code_holds(rule: Rule) -> None:
    held([complaint for source in CODE for complaint in rule(source)])


@pytest.mark.parametrize("rule", [long_modules, vague_names])
def test_the_tests_hold(rule: Rule) -> None:
    held([complaint for source in TESTS for complaint in rule(source)])


def test_agents_are_thin_shells() -> None:
    held([complaint for source in sources("agents") for complaint in long_shells(source)])


def test_every_source_file_has_its_unit_tests() -> None:
    held(missing_mirrors(CODE, TESTS))


def test_every_folder_with_code_is_a_package() -> None:
    packages = {source.path.parent for source in CODE if source.is_package}
    held(
        [
            f"{each.path.parent} has no __init__.py"
            for each in CODE
            if each.path.parent not in packages
        ]
    )


def test_every_setting_is_read_somewhere() -> None:
    held(unread_fields(KEYS, sources("app", "tables", "agents", "proxy")))


@pytest.mark.parametrize("package", PACKAGES)
def test_top_level_names_are_ours(package: str) -> None:
    """Other distributions install packages of the same names (agents, tables, proxy)."""
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).resolve() == REPO / package / "__init__.py"


def test_no_file_names_a_place_of_one_machine_or_network() -> None:
    held(foreign_places(tracked_texts()))


def test_there_is_something_to_hold() -> None:
    modules = {source.module for source in CODE}
    assert {"config.settings", "app.main", "tables.seen", "agents.meter", "proxy.routes"} <= modules
    assert "Makefile" in tracked_texts()


def test_every_route_of_the_api_says_how_it_keeps_tenants_apart() -> None:
    """`tests/integration/test_tenants.py` runs the probes of `tests/support/strangers.py`."""
    routes = {(method, path) for method, path, _ in ROUTES if path.startswith("/api/")}
    told = PROBES.keys() | OTHERWISE.keys()
    held([f"{method} {path} has no probe" for method, path in sorted(routes - told)])
    held([f"{method} {path} is no route" for method, path in sorted(told - routes)])
