"""Importing the module is what `faust -A app.main` does."""

import subprocess
import sys

from tests.support.processes import REPO


def imported(**environ: str) -> "subprocess.CompletedProcess[str]":
    """A fresh interpreter that imports it."""
    code = "import app.main; print(app.main.app.conf.id, app.main.app.conf.web_port)"
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


def test_a_wrong_setting_is_one_line() -> None:
    """And exit code 2."""
    done = imported(TAILRACE_WEB__PORT="many")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "TAILRACE_WEB__PORT" in done.stderr
