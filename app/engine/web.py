"""The host's web server: Faust's own aiohttp server with raw routes and none of Faust's pages."""

import logging
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.web_runner import BaseSite, SockSite, TCPSite
from faust.web.drivers.aiohttp import Server
from faust.web.drivers.aiohttp import Web as FaustWeb

from app.front import FrontRunner
from app.listening import BACKLOG

logger = logging.getLogger(__name__)
Routes = Callable[[web.Application], None]


@dataclass(frozen=True, slots=True)
class WebOptions:
    """Where and how the host listens; times in seconds.

    `runner_options` go to aiohttp's `AppRunner` as they are. `sockets`, bound already, take the
    place of `bind` and `port`.
    """

    bind: str = "127.0.0.1"
    port: int = 6066
    keepalive_s: float = 75.0
    shutdown_grace_s: float = 60.0
    client_max_bytes: int = 64 << 20
    runner_options: Mapping[str, Any] = field(default_factory=dict)
    sockets: Sequence[socket.socket] = ()


class HostWeb(FaustWeb):
    """Corrections: no blueprints, no CORS signal on every response, one cleanup, bounded stop."""

    def __init__(self, app: Any, *, options: WebOptions, routes: Routes, **kwargs: Any) -> None:
        """Replace the runner that Faust makes; routes are added when the server is initialised."""
        super().__init__(app, **kwargs)
        self._add_routes = routes
        self._has_routes = False
        self._sockets = options.sockets
        self._runner = FrontRunner(
            self.web_app,
            **{
                "access_log": None,
                "keepalive_timeout": options.keepalive_s,
                "shutdown_timeout": options.shutdown_grace_s,
                "handler_cancellation": True,
                **options.runner_options,
            },
        )

    def _enabled_blueprints(self) -> list[Any]:
        return []

    def init_server(self) -> None:
        """Nothing: the worker command calls this before there is a loop to build handlers on."""

    async def on_start(self) -> None:
        """Add the routes, once, and listen, on this loop."""
        if not self._has_routes:
            self._has_routes = True
            self._add_routes(self.web_app)
        self._thread = Server(self, loop=self.loop, beacon=self.beacon)
        self.add_dependency(self._thread)

    async def start_server(self) -> None:
        """Listen, on the sockets that were given or on one of our own."""
        await self._runner.setup()
        for site in self._sites():
            await site.start()

    def _sites(self) -> Iterator[BaseSite]:
        if not self._sockets:
            yield self._create_site()
        for each in self._sockets:
            yield SockSite(self._runner, each, backlog=BACKLOG)

    def _new_transport_tcp(self) -> BaseSite:
        conf = self.app.conf
        return TCPSite(
            self._runner,
            conf.web_bind,
            conf.web_port,
            ssl_context=conf.web_ssl_context,
            backlog=BACKLOG,
        )

    async def stop_server(self) -> None:
        """Refuse new connections, let requests in flight end within the grace, clean up once."""
        await self._runner.cleanup()

    @property
    def addresses(self) -> list[tuple[str, int]]:
        """Where it listens, once started; with port 0 this is the port that was given."""
        return [(str(address[0]), int(address[1])) for address in self._runner.addresses]
