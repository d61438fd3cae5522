"""`tailrace demo --once`: the embedded stack, the official SDKs, the live table; nothing left."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.embedded import preferred_ports
from tests.support.processes import REPO, Process


@pytest.mark.embedded
@pytest.mark.slow
@pytest.mark.timeout(240)
@preferred_ports
def test_the_demo_adds_up_and_leaves_nothing_running(tmp_path: Path) -> None:
    """Equal bodies, exact totals, exit code 0, no process that still uses the data directory."""
    environ = Process(tmp_path / "data").environ()
    command = [sys.executable, "-m", "app", "demo", "--once"]
    done = subprocess.run(
        command, cwd=REPO, env=environ, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "30 of 30 bodies" in done.stdout
    assert "NO, sent" not in done.stdout
    left = subprocess.run(["pgrep", "-f", str(tmp_path)], capture_output=True, text=True)
    assert left.stdout == ""
