import argparse
import sys

import pytest

from app.cli import up
from app.errors import StartError


def test_it_is_a_command_without_arguments() -> None:
    parser = argparse.ArgumentParser()
    up.register(parser.add_subparsers(dest="command"))
    assert parser.parse_args(["up"]).command == "up"


def test_another_platform_is_one_line_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(StartError, match=r"Linux or macOS, this is win32: .*tailrace worker"):
        up.run(argparse.Namespace())


def test_lines_appear_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    up.announce("ready")
    assert capsys.readouterr().out == "ready\n"
