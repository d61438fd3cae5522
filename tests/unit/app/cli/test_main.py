"""The command line as a whole: `app/cli/__init__.py` and `app/__main__.py`."""

import subprocess
import sys
from argparse import Namespace
from importlib import import_module

import pytest

from app import cli
from app.errors import StartError
from config import SettingsError

HEAVY = ("faust", "aiokafka", "aiohttp", "rocksdict", "openai", "anthropic", "app.composition")


def python(code: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60
    )


def module(*arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> list[BaseException | int]:
    """What `tailrace config` does when it is run."""
    outcomes: list[BaseException | int] = []

    def run(arguments: Namespace) -> int:
        result = outcomes[0]
        if isinstance(result, BaseException):
            raise result
        return result

    monkeypatch.setattr("app.cli.config.run", run)
    return outcomes


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_registers_itself_and_can_be_run(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    command = import_module(f"app.cli.{name}")
    assert callable(command.run)
    with pytest.raises(SystemExit) as exited:
        cli.main([name, "--help"])
    assert exited.value.code == 0
    assert f"usage: tailrace {name}" in capsys.readouterr().out


def test_the_exit_code_is_the_commands(outcome: list[BaseException | int]) -> None:
    outcome.append(7)
    assert cli.main(["config"]) == 7


@pytest.mark.parametrize(
    ("error", "code"), [(StartError("port 1 is taken"), 2), (SettingsError("port 1 is taken"), 2)]
)
def test_what_cannot_start_says_so_in_one_line(
    outcome: list[BaseException | int],
    error: Exception,
    code: int,
    capsys: pytest.CaptureFixture[str],
) -> None:
    outcome.append(error)
    assert cli.main(["config"]) == code
    assert capsys.readouterr() == ("", "tailrace: port 1 is taken\n")


def test_ctrl_c_leaves_without_a_traceback(
    outcome: list[BaseException | int], capsys: pytest.CaptureFixture[str]
) -> None:
    outcome.append(KeyboardInterrupt())
    assert cli.main(["config"]) == 130
    assert capsys.readouterr() == ("", "")


def test_a_fault_of_ours_is_not_hidden(outcome: list[BaseException | int]) -> None:
    outcome.append(ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        cli.main(["config"])


def test_no_command_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        cli.main([])
    assert exited.value.code == 2
    assert "usage: tailrace" in capsys.readouterr().err


def test_the_command_line_imports_nothing_heavy() -> None:
    code = f"import sys, app.cli; app.cli.parser(); print([m for m in {HEAVY} if m in sys.modules])"
    done = python(code)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_python_dash_m_app_is_the_command() -> None:
    done = module("config")
    assert done.returncode == 0
    assert "TAILRACE_ROLE " in done.stdout
    wrong = module("config", TAILRACE_ROLE="boss")
    assert wrong.returncode == 2
    assert wrong.stderr == (
        "tailrace: TAILRACE_ROLE='boss': allowed is one of all, proxy, worker\n"
    )


def test_a_reader_that_goes_away_is_no_fault() -> None:
    code = (
        "import os, sys; r, w = os.pipe(); os.close(r); os.dup2(w, 1);"
        "import app.cli; sys.exit(app.cli.main(['config']))"
    )
    done = python(code)
    assert (done.returncode, done.stderr) == (141, "")
