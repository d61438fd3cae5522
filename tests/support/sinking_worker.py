"""A worker process of a `Sunk` over a `FileSink`, to be killed.

python -m tests.support.sinking_worker SERVERS NAME DATA_DIR FILE PAUSE_S PORT
"""

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

from app.engine.contracts import BatchLimits
from tests.support.processes import REPO, free_port
from tests.support.sunk import FileSink, Sunk, options


async def work(servers: str, name: str, data_dir: str, file: str, pause_s: str, port: str) -> None:
    """Run until SIGTERM."""
    opts = options(servers, name, Path(data_dir), canonical_url=f"http://127.0.0.1:{port}")
    sunk = Sunk(opts, FileSink(Path(file), float(pause_s)), BatchLimits(count=50, age_s=0.2))
    stopping = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopping.set)
    await sunk.app.start()
    await stopping.wait()
    await sunk.app.stop()


class Worker:
    """Starts, kills and stops it."""

    def __init__(self, servers: str, name: str, directory: Path, pause_s: float = 0.0) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.file = directory / "items"
        self._arguments = [servers, name, str(directory / "data"), str(self.file), str(pause_s)]
        self._log = directory / "log"
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, again perhaps, in the same directory."""
        command = [sys.executable, "-m", "tests.support.sinking_worker", *self._arguments]
        with self._log.open("ab") as log:
            self._child = subprocess.Popen(
                [*command, str(free_port())], cwd=REPO, stdout=log, stderr=log
            )

    def end(self, sent: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal and wait for the end; the exit code, 0 if it was never started."""
        if self._child is None:
            return 0
        if self._child.poll() is None:
            self._child.send_signal(sent)
        return self._child.wait(60)

    def tail(self) -> str:
        """The end of what it logged."""
        return self._log.read_text()[-3000:]


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
