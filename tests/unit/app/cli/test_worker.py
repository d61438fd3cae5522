"""The command of one process, as far as it goes without a broker."""

import subprocess
import sys

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
