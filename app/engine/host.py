"""The host: the Faust app that the process runs. It serves HTTP and has no Kafka of its own.

    start   services, then the stream side (in the background), then the web server
    stop    `draining` is set and readiness fails; the web server refuses new connections and lets
            streams in flight end; the drain hooks publish what they left; the stream side drains
            and commits; services stop last

Corrections to Faust: its boot opens Kafka first and exits where there is none; its stop closes the
producer before the streams that still have to publish; its worker redirects stdout into the log;
variables such as `WEB_BIND` win over what its app is told.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import Any, Protocol

import faust
from faust.app.base import BootStrategy
from faust.worker import Worker
from mode import Service

from app.engine.web import HostWeb, Routes, WebOptions
from app.errors import StartError

logger = logging.getLogger(__name__)
DrainHook = Callable[[], Awaitable[None]]


class Part(Protocol):
    """Something with a life: the stream side, a publisher, an upstream client."""

    async def start(self) -> None:
        """Begin; returns when usable, or at once for what works in the background."""

    async def stop(self) -> None:
        """End; again is harmless."""


class PartService(Service):
    """A `Part` as a service of the host; an error while it stops keeps no other part running."""

    abstract = False

    def __init__(self, part: Part, **kwargs: Any) -> None:
        """`part` is started and stopped with the host."""
        super().__init__(**kwargs)
        self._part = part

    async def on_start(self) -> None:
        """Start the part."""
        await self._part.start()

    async def on_stop(self) -> None:
        """Stop the part."""
        await self._part.stop()


class Drain(Service):
    """Runs the drain hooks when it is stopped, which is after the web server."""

    abstract = False

    def __init__(self, hooks: list[DrainHook], **kwargs: Any) -> None:
        """Hooks run once, in the given order."""
        super().__init__(**kwargs)
        self._hooks = hooks

    async def on_stop(self) -> None:
        """Run the hooks; one that fails is logged, and the others run."""
        hooks, self._hooks = self._hooks, []
        for hook in hooks:
            try:
                await hook()
            except Exception:
                logger.exception("a drain hook failed")


class HostBoot(BootStrategy):
    """Starts and stops the host's parts in the order that the module describes."""

    def server(self) -> Iterable[Any]:
        """Services in the order of their start; they stop in reverse."""
        host: Any = self.app
        yield from host.parts()
        if host.conf.web_enabled:
            yield host.web

    def producer_only(self) -> Iterable[Any]:
        """The same: there is no producer here."""
        return self.server()


class HostWorker(Worker):
    """Faust's worker, which leaves stdout alone."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """As Faust's, with the redirection off."""
        super().__init__(*args, **{**kwargs, "redirect_stdouts": False})


class HostApp(faust.App):
    """The app behind `faust -A app.main worker`; also usable without a worker, as a service."""

    BootStrategy = HostBoot
    producer_only = True

    def __init__(
        self,
        *,
        routes: Routes,
        web_options: WebOptions,
        data_dir: Path,
        app_id: str = "tailrace",
        services: Iterable[Part] = (),
        stream_side: Part | None = None,
        drain_hooks: Iterable[DrainHook] = (),
        readiness_delay_s: float = 0.0,
    ) -> None:
        """`readiness_delay_s` is how long readiness fails before connections are refused."""
        self.draining = False
        self._routes = routes
        self._web_options = web_options
        self._services = list(services)
        self._stream_side = stream_side
        self._drain_hooks = list(drain_hooks)
        self._readiness_delay_s = readiness_delay_s
        super().__init__(
            app_id,
            broker="kafka://127.0.0.1:9092",
            datadir=str(data_dir),
            autodiscover=False,
            topic_disable_leader=True,
            env={},
            web_bind=web_options.bind,
            web_port=web_options.port,
            web_application_options={"client_max_size": web_options.client_max_bytes},
            Worker=HostWorker,
        )

    def parts(self) -> Iterable[Service]:
        """Everything but the web server, in the order of starting."""
        for part in self._services:
            yield PartService(part, loop=self.loop, beacon=self.beacon)
        if self._stream_side is not None:
            yield PartService(self._stream_side, loop=self.loop, beacon=self.beacon)
        yield Drain(self._drain_hooks, loop=self.loop, beacon=self.beacon)

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where the web server listens."""
        return self.host_web.addresses

    @property
    def host_web(self) -> HostWeb:
        """The web server."""
        web = self.web
        assert isinstance(web, HostWeb)
        return web

    # -- what Faust calls

    def _new_web(self) -> HostWeb:
        return HostWeb(self, options=self._web_options, routes=self._routes)

    def on_init_dependencies(self) -> Iterable[Any]:
        """Our services alone: no monitor, no Kafka."""
        return list(self.boot_strategy.server())

    async def on_first_start(self) -> None:
        """Make no directories: the host keeps nothing.

        Raises: StartError, if Faust would listen elsewhere than the settings say.
        """
        conf, options = self.conf, self._web_options
        if (conf.web_bind, conf.web_port) != (options.bind, options.port):
            # What was checked of the settings, and told to the other workers, would not be so.
            raise StartError(
                f"Faust was told to listen on {conf.web_bind}:{conf.web_port}, the settings say"
                f" {options.bind}:{options.port}: set TAILRACE_WEB__BIND and TAILRACE_WEB__PORT"
            )

    async def on_start(self) -> None:
        """Finalise; Faust would create a consumer here."""
        self.finalize()

    async def on_started(self) -> None:
        """Tell the worker that we are up; there are no tables to wait for."""
        if self.on_startup_finished:
            await self.on_startup_finished()

    async def stop(self) -> None:
        """Fail readiness, then stop in the order that the module describes."""
        if not self.draining:
            self.draining = True
            if self._readiness_delay_s > 0:
                await asyncio.sleep(self._readiness_delay_s)
        await super().stop()

    async def on_stop(self) -> None:
        """Nothing of Faust's: no consumer, no producer, no client."""
