"""The command of one process, as far as it goes without a broker."""

import subprocess
import sys

import pytest

from app.cli.worker import numbered
from app.errors import StartError
from config import Settings
from tests.support.processes import REPO


def test_without_a_broker_it_names_the_way_out() -> None:
    """One line on stderr, exit code 2."""
    done = subprocess.run(
        [sys.executable, "-m", "app", "worker"],
        cwd=REPO,
        env={"PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "tailrace up" in done.stderr


def test_several_on_one_host_have_names_and_ports_of_their_own() -> None:
    settings = Settings()
    assert numbered(settings, None) is settings
    found = [numbered(settings, number) for number in range(3)]
    assert [each.instance for each in found] == ["0", "1", "2"]
    assert [each.own_url for each in found] == [f"http://127.0.0.1:{6066 + n}" for n in range(3)]


@pytest.mark.parametrize("number", [-1, 60_000])
def test_a_number_without_a_port_is_refused(number: int) -> None:
    with pytest.raises(StartError, match="allowed is 0 to 59469"):
        numbered(Settings(), number)


def test_one_canonical_url_for_several_is_refused() -> None:
    settings = Settings(canonical_url="http://one")
    assert numbered(settings, 0).own_url == "http://one"
    with pytest.raises(StartError, match="TAILRACE_CANONICAL_URL"):
        numbered(settings, 1)
