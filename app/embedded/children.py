"""One child process: its command, when it serves, how it ends.

A child runs in a session of its own, so that Ctrl-C in the terminal reaches us alone and we stop
the children in our order; a leash ends it with us where we end without having stopped it.
"""

import asyncio
import contextlib
import os
import signal
import time
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from app.embedded.leash import leashed
from app.errors import StartError

LOG_LIMIT_BYTES = 16 << 20
PROBE_INTERVAL_S = 0.1
TAIL_BYTES = 4096


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """A command, its environment and log, and `probe`, which answers whether it serves.

    A probe that fails answers False; it may be asked every tenth of a second.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    log_path: Path
    probe: Callable[[], Awaitable[bool]]
    start_timeout_s: float = 60
    stop_timeout_s: float = 10


class Child:
    """One process after the other from one spec; at most one at a time."""

    def __init__(self, spec: ChildSpec) -> None:
        """Nothing is started."""
        self.spec = spec
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    async def start(self) -> None:
        """Start it and wait until it serves. Raises: StartError, after ending it."""
        await self._spawn()
        deadline_s = time.monotonic() + self.spec.start_timeout_s
        try:
            while not await self.spec.probe():
                if self.pid is None:
                    raise self._failure(f"ended with {self._exit()}")
                if time.monotonic() > deadline_s:
                    raise self._failure(f"does not answer after {self.spec.start_timeout_s:.0f} s")
                await asyncio.sleep(PROBE_INTERVAL_S)
        except BaseException:
            self.kill()
            await self.stop()
            raise

    async def wait(self) -> str:
        """Wait until it has ended; how, in words."""
        if self._process is not None:
            await self._process.wait()
        return self._exit()

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL where that is not enough in time; return when it is gone."""
        process = self._process
        if process is None:
            return
        if self.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), self.spec.stop_timeout_s)
            except TimeoutError:
                self.kill()
        await process.wait()
        _close_input(process)

    def kill(self) -> None:
        """SIGKILL to it and to whatever it has started."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def last_lines(self, count: int = 1) -> str:
        """The end of its log."""
        with contextlib.suppress(FileNotFoundError), self.spec.log_path.open("rb") as log:
            log.seek(max(0, log.seek(0, os.SEEK_END) - TAIL_BYTES))
            lines = log.read().decode(errors="replace").splitlines()
            return "\n".join([line for line in lines if line.strip()][-count:])
        return ""

    async def _spawn(self) -> None:
        path = self.spec.log_path
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and path.stat().st_size > LOG_LIMIT_BYTES:
            path.replace(path.with_suffix(".log.1"))
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *leashed(self.spec.command),
                stdin=PIPE,
                stdout=descriptor,
                stderr=STDOUT,
                env=dict(self.spec.environment),
                start_new_session=True,
            )
        except OSError as error:
            raise StartError(f"the {self.spec.name} cannot be started: {error}") from error
        finally:
            os.close(descriptor)

    def _exit(self) -> str:
        code = None if self._process is None else self._process.returncode
        if code is not None and code < 0:
            with contextlib.suppress(ValueError):
                return signal.Signals(-code).name
        return f"exit code {code}"

    def _failure(self, what: str) -> StartError:
        said = self.last_lines()
        return StartError(
            f"the {self.spec.name} {what}; see {self.spec.log_path}" + (f": {said}" if said else "")
        )


def _close_input(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
