"""`tailrace up` from start to end: the stack, the worker, and what happens when one of them ends.

The durable services are started again when they end. The embedded broker is not: its topics are
gone, and with them the offsets that keep the totals right; nor is a worker on it, whose tables
cannot be recovered from it for certain. Then everything stops, with one line that says so.
"""

import asyncio
import os
import random
import secrets
import signal
from collections.abc import Callable, Coroutine
from typing import Any

from app.clock import Clock, SystemClock, utc
from app.cluster.trust import token_of
from app.embedded.children import Child
from app.embedded.data_dir import DataDir, Lock
from app.embedded.first_screen import first_screen, web_url
from app.embedded.ports import is_free
from app.embedded.progress import progress
from app.embedded.stack import Stack
from app.embedded.supervision import keep_running
from app.embedded.worker import worker_child
from app.engine.backoff import Backoff
from app.errors import StartError
from app.ids import Ids, RandomIds
from app.tasks import spawn
from config import Settings

EXIT_OK, EXIT_FAILED, EXIT_FORCED = 0, 1, 130
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Up:
    """One run of `tailrace up`."""

    def __init__(
        self,
        settings: Settings,
        announce: Callable[[str], None],
        clock: Clock | None = None,
        ids: Ids | None = None,
    ) -> None:
        """Checks what needs no I/O. Raises: StartError."""
        check(settings)
        self._settings = settings
        self._announce = announce
        self._clock = clock or SystemClock()
        self._ids = ids or RandomIds()
        self._data_dir = DataDir.at(settings.data_dir)
        self._stopping = asyncio.Event()
        self._forced = asyncio.Event()

    async def run(self) -> int:
        """Run until a signal, or until something ends that cannot be started again.

        Returns the exit code; nothing is left running. Raises: StartError.
        """
        self._handle_signals()
        with Lock(self._data_dir):
            check_port(self._settings)
            kept = self._data_dir.objects.exists() or self._data_dir.analytics.exists()
            self._data_dir.forget_embedded_tables()
            stack = Stack(
                self._settings,
                self._data_dir,
                announce=self._announce,
                clock=self._clock,
                ids=self._ids,
            )
            token = self._token()
            worker = Child(worker_child(self._settings, self._data_dir, stack.variables, token))
            try:
                return await self._serve(stack, worker, token, kept=kept)
            finally:
                await self._stop(stack, worker)

    async def _serve(self, stack: Stack, worker: Child, token: str, *, kept: bool) -> int:
        if not await self._unless_stopped(self._start(stack, worker)):
            return EXIT_OK
        self._write_instance(stack, token)
        root = self._data_dir.root
        self._announce(first_screen(self._settings, stack.addresses, root, kept=kept))
        durable = stack.durable if stack.broker is not None else [*stack.durable, worker]
        kept_running = [
            spawn(
                keep_running(
                    child, announce=self._announce, backoff=Backoff(0.5, 30, random.random)
                ),
                name=f"keep-{child.spec.name}",
            )
            for child in durable
        ]
        try:
            if stack.broker is None:
                await self._stopping.wait()
                return EXIT_OK
            return await self._until_end(stack.broker, worker)
        finally:
            for each in kept_running:
                each.cancel()

    async def _start(self, stack: Stack, worker: Child) -> None:
        self._announce(f"starting on {self._data_dir.root}")
        await stack.start()
        async with progress(self._announce, "waiting for the worker"):
            await worker.start()

    async def _until_end(self, broker: Child, worker: Child) -> int:
        """Wait for a signal, or for the end of one that ends all; says which."""
        stopping = spawn(self._stopping.wait(), name="stopping")
        ends = {spawn(child.wait(), name=child.spec.name): child for child in (broker, worker)}
        await asyncio.wait([stopping, *ends], return_when=asyncio.FIRST_COMPLETED)
        ended = [(child, task.result()) for task, child in ends.items() if task.done()]
        for task in (stopping, *ends):
            task.cancel()
        if self._stopping.is_set():
            return EXIT_OK
        for child, how in ended:
            self._announce(self._last_words(child, how))
        return EXIT_FAILED

    def _last_words(self, child: Child, how: str) -> str:
        return (
            f"tailrace: the {child.spec.name} has ended ({how}), and with it the broker topics and"
            " live tables of this run; bodies and analytics are kept. Stopping everything: run"
            f" `tailrace up` again. Its log: {child.spec.log_path}"
        )

    async def _unless_stopped(self, starting: Coroutine[Any, Any, None]) -> bool:
        """Whether the start came to its end before a signal. Raises: StartError."""
        task = spawn(_error_of(starting), name="start")
        stopping = spawn(self._stopping.wait(), name="stopping")
        await asyncio.wait([task, stopping], return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if task.done():
            if (error := task.result()) is not None:
                raise error
            return True
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return False

    async def _stop(self, stack: Stack, worker: Child) -> None:
        """The worker first, as it still has something to say to the others."""
        forcing = spawn(self._force(stack, worker), name="force")
        if worker.pid is not None:
            self._announce("stopping: open streams end first; Ctrl-C once more ends all now")
        async with progress(self._announce, "waiting for open streams"):
            await worker.stop()
        await stack.stop()
        forcing.cancel()
        self._announce("stopped")

    async def _force(self, stack: Stack, worker: Child) -> None:
        await self._forced.wait()
        worker.kill()
        stack.kill()

    def _handle_signals(self) -> None:
        def on_signal() -> None:
            (self._forced if self._stopping.is_set() else self._stopping).set()

        for signum in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(signum, on_signal)

    def _token(self) -> str:
        given = token_of(self._settings)
        return secrets.token_hex(16) if given is None else given

    def _write_instance(self, stack: Stack, token: str) -> None:
        addresses = stack.addresses
        self._data_dir.write_instance(
            {
                "pid": os.getpid(),
                "started_at": utc(self._clock.now_s()).isoformat(),
                "url": web_url(self._settings),
                "token": token,
                "epoch": addresses.epoch,
                "kafka": addresses.kafka or self._settings.kafka.bootstrap_servers,
                "s3": None if addresses.s3 is None else addresses.s3.settings(),
                "analytics_url": addresses.analytics_url,
            }
        )


async def _error_of(starting: Coroutine[Any, Any, None]) -> StartError | None:
    try:
        await starting
    except StartError as error:
        return error
    return None


def check(settings: Settings) -> None:
    """What one broker in memory cannot serve. Raises: StartError."""
    if settings.embedded_broker and settings.role != "all":
        raise StartError(
            f"TAILRACE_ROLE={settings.role}: the embedded broker serves one process that does"
            " everything; unset TAILRACE_ROLE, or name your own TAILRACE_KAFKA__BOOTSTRAP_SERVERS"
        )


def check_port(settings: Settings) -> None:
    """Whether the worker can listen. Raises: StartError."""
    bind, port = settings.web.bind, settings.web.port
    if not is_free(port, bind):
        raise StartError(
            f"port {port} on {bind} is taken: stop what listens there, or set TAILRACE_WEB__PORT"
        )
