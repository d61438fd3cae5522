"""Small real processes that stand for services: ready once they have touched a file."""

import sys
from pathlib import Path

from app.embedded.children import ChildSpec

SERVE = "import pathlib, sys, time; pathlib.Path(sys.argv[1]).touch(); time.sleep(600)"
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SERVE


def spec(tmp_path: Path, script: str = SERVE, **changes: float) -> ChildSpec:
    """A child that runs `script` with the path of its flag."""
    flag = tmp_path / "serving"

    async def probe() -> bool:
        return flag.exists()

    command = (sys.executable, "-c", script, str(flag))
    return ChildSpec("thing", command, {}, tmp_path / "logs" / "thing.log", probe, **changes)
