"""Real worker processes for tests that start, kill and restart them."""

import asyncio
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp

REPO = Path(__file__).resolve().parents[2]

COMMAND_TIMEOUT_S = 90
# Below what Linux takes for outgoing connections (`net.ipv4.ip_local_port_range`: from 32768).
LISTENED = range(20_000, 32_000)


def free_port() -> int:
    """A port nobody listens on now, of those that the kernel gives to no connection meanwhile."""
    while True:
        port = secrets.choice(LISTENED)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


async def until_open(port: int, timeout_s: float = 30) -> None:
    """Wait until somebody listens on a port of this machine."""
    async with asyncio.timeout(timeout_s):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return


class Process:
    """One `tailrace worker` (or another command) with its own port, data directory and log."""

    def __init__(
        self,
        data_dir: Path,
        *,
        command: list[str] | None = None,
        port: int | None = None,
        **settings: Any,
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = command or [sys.executable, "-m", "app", "worker"]
        self.settings = settings
        self.log_path = data_dir.parent / f"{data_dir.name}-{self.port}.log"
        self.popen: subprocess.Popen[bytes] | None = None

    def environ(self) -> dict[str, str]:
        """The environment of the child: ours without our own settings, plus its settings."""
        env = {k: v for k, v in os.environ.items() if not k.startswith("TAILRACE_")}
        env |= {"TAILRACE_DATA_DIR": str(self.data_dir), "TAILRACE_WEB__PORT": str(self.port)}
        env |= {"TAILRACE_ACCESS__MODE": "open"}
        env |= {f"TAILRACE_{k.upper()}": str(v) for k, v in self.settings.items()}
        return env

    def start(self) -> "Process":
        """Start the child; its output is appended to `log_path`."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        with self.log_path.open("ab") as log:
            self.popen = subprocess.Popen(
                self.command,
                cwd=REPO,
                env=self.environ(),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return self

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """`tailrace` with these arguments and this process's settings, to its end. Blocks."""
        return subprocess.run(
            [sys.executable, "-m", "app", *arguments],
            cwd=REPO,
            env=self.environ(),
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
        )

    @property
    def pid(self) -> int:
        """The child's process id."""
        assert self.popen is not None
        return self.popen.pid

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._signal_and_wait(signal.SIGKILL, 10)

    def stop(self, timeout_s: float = 60) -> int:
        """SIGTERM, and wait; returns the exit code. A child that hangs is killed and fails."""
        return self._signal_and_wait(signal.SIGTERM, timeout_s)

    def _signal_and_wait(self, signum: int, timeout_s: float) -> int:
        assert self.popen is not None
        if self.popen.poll() is None:
            self.popen.send_signal(signum)
        try:
            return self.popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.popen.kill()
            self.popen.wait(10)
            raise AssertionError(f"did not stop in {timeout_s} s:\n{self.tail()}") from None

    def rss_mb(self) -> float:
        """Resident memory of the child alone."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def tail(self, lines: int = 60) -> str:
        """The end of its log, for a failure's message."""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    async def get(self, path: str, **kwargs: Any) -> tuple[int, Any]:
        """Status and JSON (or text) of a GET; -1 and the error where nobody answers."""
        try:
            timeout = aiohttp.ClientTimeout(total=10)
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(self.url + path, **kwargs) as response,
            ):
                if "json" in response.content_type:
                    return response.status, await response.json()
                return response.status, await response.text()
        except (aiohttp.ClientError, TimeoutError) as error:
            return -1, str(error)

    async def until_live(self, timeout_s: float = 30) -> "Process":
        """Wait until it answers at all, ready or not."""
        async with asyncio.timeout(timeout_s):
            while (await self.get("/health/live"))[0] != 200:
                await asyncio.sleep(0.05)
        return self

    async def until_refusing(self, timeout_s: float = 30) -> None:
        """Wait until it takes no new connections."""
        async with asyncio.timeout(timeout_s):
            while (await self.get("/health/live"))[0] != -1:
                await asyncio.sleep(0.05)

    async def until_ready(self, timeout_s: float = 60) -> "Process":
        """Wait until readiness says `ok`: relay and stream side both serve."""
        deadline = time.monotonic() + timeout_s
        answer: Any = None
        while time.monotonic() < deadline:
            assert self.popen is not None
            if self.popen.poll() is not None:
                raise AssertionError(f"exited {self.popen.returncode}:\n{self.tail()}")
            status, answer = await self.get("/health/ready")
            if status == 200 and isinstance(answer, dict) and answer.get("status") == "ok":
                return self
            await asyncio.sleep(0.1)
        raise AssertionError(f"not ready in {timeout_s} s: {answer}\n{self.tail()}")
