"""The parent of several processes: starts them, replaces the dead, passes signals on, waits.

A child in a session of its own gets no Ctrl-C from the terminal, but ours, once. A child that ends
while nobody asked it to is started again, after waits that grow while it goes on ending soon. One
that says at its first start that it cannot start at all ends the others as well: its settings are
theirs.
"""

import asyncio
import logging
import signal
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from app.engine.backoff import Backoff
from app.tasks import spawn

logger = logging.getLogger(__name__)
EXIT_CANNOT_START = 2
EXIT_UNCLEAN = 1
STEADY_S = 30.0


@dataclass(frozen=True, slots=True)
class Command:
    """How a child is started; it inherits the descriptors."""

    arguments: Sequence[str]
    environment: Mapping[str, str]
    descriptors: Sequence[int] = ()


class Supervisor:
    """Keeps `count` children running until a signal."""

    def __init__(
        self,
        command: Callable[[int], Command],
        count: int,
        *,
        backoff: Callable[[], Backoff],
        on_stop: Callable[[], None],
        stop_timeout_s: float,
    ) -> None:
        """`on_stop` runs before the children are told; those that outlast the time are killed."""
        self._command = command
        self._count = count
        self._backoff = backoff
        self._on_stop = on_stop
        self._stop_timeout_s = stop_timeout_s
        self._running: dict[int, Process] = {}
        self._stopping = asyncio.Event()
        self._cannot_start = False

    async def run(self) -> int:
        """Until all have ended after a signal; 0 if each stopped in order."""
        loop = asyncio.get_running_loop()
        for signum in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(signum, self.stop, signum)
        keeping = [spawn(self._keep(number), name=f"child-{number}") for number in self._numbers()]
        await self._stopping.wait()
        done, late = await asyncio.wait(keeping, timeout=self._stop_timeout_s)
        if late:
            logger.error("%d processes did not stop in time: killed", len(late))
            self._signal(signal.SIGKILL)
            done, _ = await asyncio.wait(keeping)
        codes = [task.result() for task in done]
        if self._cannot_start:
            return EXIT_CANNOT_START
        return EXIT_UNCLEAN if any(codes) else 0

    def stop(self, signum: signal.Signals = signal.SIGTERM) -> None:
        """Tell the children; a second time ends them at once, by their own rule."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._on_stop()
        self._signal(signum)

    def _numbers(self) -> range:
        return range(self._count)

    def _signal(self, signum: signal.Signals) -> None:
        for child in self._running.values():
            with suppress(ProcessLookupError):
                child.send_signal(signum)

    async def _keep(self, number: int) -> int:
        """One child after the other; the exit code of the last."""
        backoff, first, code = self._backoff(), True, 0
        while not self._stopping.is_set():
            began_s = time.monotonic()
            code = await self._one(number)
            if self._stopping.is_set():
                break
            if first and code == EXIT_CANNOT_START:
                self._cannot_start = True
                self.stop()
                break
            first = False
            if time.monotonic() - began_s > STEADY_S:
                backoff.reset()
            wait_s = backoff.next_s()
            logger.error(
                "process %d has ended (%s); starting it again in %.1f s", number, code, wait_s
            )
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), wait_s)
                code = 0
        return code

    async def _one(self, number: int) -> int:
        """Run a child to its end; its exit code, negative for a signal; 1 if there is none."""
        command = self._command(number)
        try:
            child = await asyncio.create_subprocess_exec(
                *command.arguments,
                stdin=DEVNULL,
                env=dict(command.environment),
                pass_fds=tuple(command.descriptors),
                start_new_session=True,
            )
        except OSError as error:
            logger.error("process %d cannot be started: %s", number, error)
            return EXIT_UNCLEAN
        self._running[number] = child
        logger.info("process %d is %d", number, child.pid)
        # A signal that came while it was being started has not reached it.
        if self._stopping.is_set():
            child.terminate()
        try:
            return await child.wait()
        finally:
            del self._running[number]
