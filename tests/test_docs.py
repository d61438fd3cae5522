"""What is written about Tailrace is true: references, names, paths, and the README's commands."""

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from app.cli import COMMANDS
from app.cli.docs import FOLDER, stale_pages
from app.composition.host import Process as TailraceProcess
from app.composition.web import register_all
from app.metrics import Metrics
from app.reference.routes import ANY, ROUTES
from config import load_settings
from config.loading import KNOWN
from config.variables import NOT_SETTINGS
from tests.support.embedded import preferred_ports
from tests.support.house.sources import REPO
from tests.support.processes import Process
from tests.support.readme import Block, blocks, prints, to_run, unmarked

README = (REPO / "README.md").read_text(encoding="utf-8")
PAGES = ("README.md", "app/README.md", "CHANGELOG.md", "config/compose.yaml")
MAX_README_LINES = 260
DEFAULT_ADDRESS = "127.0.0.1:6066"
FILE = re.compile(r"`((?:[\w.-]+/)+[\w.-]*|[\w-]+\.(?:md|toml|txt|py|yaml))`")
MADE_LATER = ("build/", ".venv/", ".tailrace/", "tests/golden/<")


def read(page: str) -> str:
    """The text of a page."""
    return (REPO / page).read_text(encoding="utf-8")


# -- references


def test_the_references_are_in_step_with_the_code() -> None:
    """Renew them with `tailrace docs`."""
    assert list(stale_pages(FOLDER)) == []


def test_the_folder_of_references_holds_nothing_else() -> None:
    from app.cli.docs import pages

    assert {path.name for path in FOLDER.iterdir()} == pages().keys()


def test_every_setting_is_documented() -> None:
    page = read("config/reference/settings.md")
    assert [variable for variable in KNOWN if f"| `{variable}` |" not in page] == []


def test_every_metric_that_is_registered_is_documented() -> None:
    page = read("config/reference/metrics.md")
    kinds = {"counter": "_total"}
    names = [each.name + kinds.get(each.type, "") for each in Metrics().registry.collect()]
    assert names
    assert [name for name in names if f"| `{name}` |" not in page] == []


def test_every_command_is_offered_and_documented() -> None:
    files = (REPO / "app" / "cli").glob("*.py")
    offering = {file.stem for file in files if "\ndef register(" in file.read_text()}
    assert offering == set(COMMANDS)
    page = read("config/reference/cli.md")
    assert [name for name in COMMANDS if f"| `tailrace {name}` |" not in page] == []


async def test_every_route_is_documented_and_no_other() -> None:
    served = await served_by("all") | await served_by("proxy") | await served_by("worker")
    assert served == {(method, path) for method, path, _ in ROUTES}


async def served_by(role: str) -> set[tuple[str, str]]:
    """Method and path of every route of a role."""
    process = TailraceProcess(
        load_settings({"TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1", "TAILRACE_ROLE": role})
    )
    web_app = web.Application()
    register_all(
        web_app,
        relaying=process.relaying,
        port=1,
        parts=process.parts(),
        is_draining=lambda: False,
        metrics=process.metrics,
        ingest=process.ingest,
        features=process.features,
    )
    for part in (process.relaying, process.ingest, *process.features):
        if part is not None:
            await part.stop()
    return {
        (route.method, route.resource.canonical.replace("{tail}", ANY))
        for route in web_app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }


# -- names on pages written by hand


@pytest.mark.parametrize("page", PAGES)
def test_every_variable_that_a_page_names_exists(page: str) -> None:
    names = set(re.findall(r"\bTAILRACE_[A-Z0-9_]*[A-Z0-9]", read(page)))
    assert names - KNOWN.keys() - NOT_SETTINGS == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_metric_that_a_page_names_exists(page: str) -> None:
    reference = read("config/reference/metrics.md")
    names = re.findall(r"\btailrace_[a-z_]+", read(page))
    assert [name for name in names if f"`{name}`" not in reference] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_a_page_names_exists(page: str) -> None:
    text = read(page)
    targets = re.findall(r"^([a-z-]+):.*## ", read("Makefile"), re.MULTILINE)
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)) <= set(targets)
    commands = re.findall(r"(?:`|bin/)tailrace ([a-z]+)", text)
    assert set(commands) <= set(COMMANDS)


@pytest.mark.parametrize("page", PAGES)
def test_every_file_that_a_page_names_exists(page: str) -> None:
    named = {name for name in FILE.findall(read(page)) if not name.startswith(MADE_LATER)}
    roots = (REPO, (REPO / page).parent)
    assert [
        name for name in sorted(named) if not any((root / name).exists() for root in roots)
    ] == []


# -- the README itself


def test_the_readme_is_short_and_finished() -> None:
    assert len(README.splitlines()) <= MAX_README_LINES
    assert re.findall(r"@@\w+@@|TODO|TBD", README) == []


def test_every_shell_block_says_whether_it_is_run() -> None:
    assert unmarked(README) == []
    assert to_run(README)


def test_every_python_block_compiles() -> None:
    for block in blocks(README):
        if block.language == "python":
            compile(block.text, f"README.md:{block.line}", "exec")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Everything that `tailrace up` starts, on a port of its own."""
    command = [sys.executable, "-m", "app", "up"]
    process = Process(tmp_path_factory.mktemp("readme") / "data", command=command).start()
    yield process
    process.stop()


def run(block: Block, folder: Path, address: str) -> str:
    """What a block prints, run in an empty folder against a stack at `address`."""
    text = block.text.replace(DEFAULT_ADDRESS, address)
    program = (
        [sys.executable, "-c"] if block.language == "python" else ["bash", "-euo", "pipefail", "-c"]
    )
    done = subprocess.run([*program, text], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, f"README.md:{block.line}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.embedded
@pytest.mark.slow
@pytest.mark.timeout(240)
@preferred_ports
@pytest.mark.skipif(shutil.which("curl") is None, reason="no curl: install curl")
async def test_every_block_that_is_to_run_does(stack: Process, tmp_path: Path) -> None:
    await stack.until_ready(180)
    for block, promised in to_run(README):
        printed = run(block, tmp_path, stack.url.removeprefix("http://"))
        assert promised is None or prints(promised, printed), f"README.md:{block.line}\n{printed}"
