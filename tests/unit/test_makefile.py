"""The Makefile: every target documented, and an environment made or refused in one line."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.house.sources import REPO

MAKEFILE = (REPO / "Makefile").read_text(encoding="utf-8")
TARGETS = {
    "run",
    "demo",
    "test",
    "check",
    "bench",
    "bench-full",
    "chaos",
    "docs",
    "wheel",
    "clean",
    "help",
}
pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make: install make")


def make(folder: Path, *arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    """Run make with only the programs of `path`, and those every system has, to be found."""
    return subprocess.run(
        ["/usr/bin/env", "make", "-f", str(REPO / "Makefile"), *arguments],
        cwd=folder,
        env={"PATH": f"{path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=60,
    )


def program(folder: Path, name: str, script: str) -> None:
    """A shell script that stands in for a program."""
    file = folder / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """A folder of stand-ins; no Python is new enough until a test says so."""
    folder = tmp_path / "programs"
    folder.mkdir()
    old = 'case "$1" in -V) echo Python 3.10.9;; *) exit 1;; esac'
    for name in ("python3", "python3.11", "python3.12", "python3.13"):
        program(folder, name, old)
    return folder


def test_help_names_every_target(tmp_path: Path, programs: Path) -> None:
    done = make(tmp_path, path=programs)
    assert done.returncode == 0
    lines = [line.split() for line in done.stdout.splitlines()]
    assert {line[1] for line in lines} == TARGETS
    assert all(line[0] == "make" and len(line) > 3 for line in lines)


def test_every_target_is_phony() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert set(phony.split()) == TARGETS


def test_a_python_too_old_is_one_line_with_what_to_do(tmp_path: Path, programs: Path) -> None:
    done = make(tmp_path, ".venv/.made", path=programs)
    assert done.returncode == 2
    line, end = done.stderr.splitlines()
    assert line.startswith("Tailrace needs Python 3.11 or newer and python3 is Python 3.10.9: ")
    assert "make PYTHON=" in line
    assert end.startswith("make: ***")
    assert done.stdout == ""
    assert not (tmp_path / ".venv").exists()


def test_another_python_on_the_path_is_taken(tmp_path: Path, programs: Path) -> None:
    made = 'test "$1" = -c || mkdir -p "$3"'
    program(programs, "python3.12", made)
    done = make(tmp_path, ".venv/.made", path=programs)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / ".venv" / ".made").exists()


def test_a_python_without_venv_is_one_line(tmp_path: Path, programs: Path) -> None:
    program(programs, "python3", 'test "$1" = -c')
    done = make(tmp_path, ".venv/.made", path=programs)
    assert done.returncode == 2
    assert done.stderr.startswith("python3 cannot make a virtual environment: install its venv")
    assert not (tmp_path / ".venv").exists()


def test_a_whole_environment_is_kept(tmp_path: Path, programs: Path) -> None:
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    program(binaries, "python", "exit 0")
    done = make(tmp_path, ".venv/.made", path=programs)
    assert (done.returncode, done.stderr) == (0, "")
    assert (binaries / "python").exists()


def test_what_is_installed_already_is_not_installed_again(tmp_path: Path, programs: Path) -> None:
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    program(
        binaries,
        "python",
        'echo "  Downloading x-1.2-py3.whl (5.1 MB)"; echo noise; echo "$@" >> calls',
    )
    program(binaries, "tailrace", 'echo "tailrace $@"')
    for name in re.findall(r"^RUN_NEEDS := (.*)$", MAKEFILE, re.MULTILINE)[0].split():
        (tmp_path / name).touch()
    first = make(tmp_path, "run", path=programs)
    assert (first.returncode, first.stderr) == (0, "")
    said, progress, started = first.stdout.splitlines()
    assert "MB to download" in said
    assert "minutes" in said
    assert (progress, started) == ("  x (5.1 MB)", "tailrace up")
    assert make(tmp_path, "run", path=programs).stdout == "tailrace up\n"
    installs = [line for line in (tmp_path / "calls").read_text().splitlines() if "install" in line]
    assert len(installs) == 1
    assert installs[0].endswith("-c constraints.txt -e .[embedded]")


def test_a_failed_install_stops(tmp_path: Path, programs: Path) -> None:
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    program(binaries, "python", 'case "$*" in *install*) echo no network >&2; exit 1;; esac')
    for name in re.findall(r"^RUN_NEEDS := (.*)$", MAKEFILE, re.MULTILINE)[0].split():
        (tmp_path / name).touch()
    done = make(tmp_path, "run", path=programs)
    assert done.returncode == 2
    assert done.stderr.startswith("no network\n")
    assert not (tmp_path / ".venv" / ".run").exists()


def test_clean_leaves_nothing_that_was_made(tmp_path: Path, programs: Path) -> None:
    for name in (".venv/bin", "build/bench", ".tailrace", "a/__pycache__", ".mypy_cache", "keep"):
        (tmp_path / name).mkdir(parents=True)
    assert make(tmp_path, "clean", path=programs).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "keep", "programs"]


def test_ci_runs_what_the_makefile_has() -> None:
    script = (REPO / ".ci" / "run").read_text(encoding="utf-8")
    assert "set -euo pipefail" in script
    assert "export TAILRACE_REQUIRE_KAFKA=1" in script
    assert "export TAILRACE_REQUIRE_COMPILER=1" in script
    assert "export TAILRACE_REQUIRE_BROWSER=1" in script
    assert set(re.findall(r"^make (\w+)$", script, re.MULTILINE)) == {"check", "test"}


@pytest.mark.parametrize("permitted", [True, False])
def test_ci_requires_a_browser_unless_apt_may_not_install_one(
    tmp_path: Path, programs: Path, permitted: bool
) -> None:
    (tmp_path / ".ci").mkdir()
    shutil.copy(REPO / ".ci" / "run", tmp_path / ".ci" / "run")
    installs = f'echo "#!/bin/sh" > {programs}/chromium; chmod +x {programs}/chromium'
    program(programs, "apt-get", installs if permitted else "exit 100")
    program(programs, "sudo", 'shift; exec "$@"')
    for name in ("bash", "sh", "dirname", "tail", "id", "chmod"):
        (programs / name).symlink_to(str(shutil.which(name)))
    program(programs, "make", 'echo "$1 ${TAILRACE_REQUIRE_BROWSER:-none}"')
    done = subprocess.run(
        [programs / "bash", ".ci/run"],
        cwd=tmp_path,
        env={"PATH": str(programs)},
        capture_output=True,
        text=True,
        check=True,
    )
    wanted = "1" if permitted else "none"
    assert done.stdout.splitlines()[-2:] == [f"check {wanted}", f"test {wanted}"]
    assert ("NOT RUN" in done.stderr) is not permitted
