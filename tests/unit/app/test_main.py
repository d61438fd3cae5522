"""Importing the module is what `faust -A app.main` does."""

import subprocess
import sys

import pytest

from tests.support.processes import REPO

PRINT_PORT = "import app.main; print(app.main.app.conf.id, app.main.app.conf.web_port)"


def imported(code: str = PRINT_PORT, **environ: str) -> "subprocess.CompletedProcess[str]":
    """A fresh interpreter that imports it."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=REPO,
        env={"PATH": "", **environ},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_it_holds_the_host_app() -> None:
    """With the port of the settings."""
    done = imported(TAILRACE_KAFKA__BOOTSTRAP_SERVERS="127.0.0.1:1", TAILRACE_WEB__PORT="7001")
    assert done.stdout.split() == ["tailrace", "7001"], done.stderr


@pytest.mark.parametrize(
    ("options", "printed"),
    [
        (["--web-port", "7002"], "tailrace 7002 http://127.0.0.1:7002"),
        ([], "tailrace 7001 http://127.0.0.1:7001"),
    ],
)
def test_what_faust_is_told_wins_over_the_settings(options: list[str], printed: str) -> None:
    """The address by which other workers know this one follows the port."""
    code = (
        f"import sys; sys.argv = ['faust', '-A', 'app.main', 'worker', *{options}]\n"
        "from app.main import app, process\n"
        "print(app.conf.id, app.conf.web_port, process.settings.own_url)"
    )
    done = imported(code, TAILRACE_KAFKA__BOOTSTRAP_SERVERS="a:1", TAILRACE_WEB__PORT="7001")
    assert done.stdout.strip() == printed, done.stderr


def test_faust_cannot_be_told_to_open_it_to_the_network() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "faust", "-A", "app.main", "worker", "--web-bind", "0.0.0.0"],
        cwd=REPO,
        env={
            "PATH": "",
            "TAILRACE_KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:1",
            "TAILRACE_ACCESS__MODE": "open",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "TAILRACE_ACCESS__MODE=open: allowed only on loopback, not on 0.0.0.0" in done.stderr


def test_a_wrong_setting_is_one_line() -> None:
    """And exit code 2."""
    done = imported(TAILRACE_WEB__PORT="many")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "TAILRACE_WEB__PORT" in done.stderr
