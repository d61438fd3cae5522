"""The Faust application that `faust -A app.main worker` runs, put together for a role.

all      relay, publisher, stream side, queries
proxy    relay and publisher; no stream side, joins no group
worker   stream side and queries
"""

import logging
import os
import signal

from aiohttp import web

from app.catching_up import CatchingUp
from app.clock import SystemClock
from app.composition.access import access_of
from app.composition.control import Controlling
from app.composition.dashboard import Dashboard
from app.composition.feature import Feature
from app.composition.features import features_of
from app.composition.querying import Passing, Querying
from app.composition.relaying import Relaying
from app.composition.streams import Streams
from app.composition.tailing import Tailing
from app.composition.watching import Watching
from app.composition.ways import Ingest
from app.composition.web import register_all
from app.engine.connections import mend_connections
from app.engine.host import DrainHook, HostApp
from app.engine.stream_side import StreamSide, supervision
from app.engine.web import WebOptions
from app.loop_lag import LoopLag
from app.metrics import Metrics
from app.processes.share import Share
from app.processes.siblings import Siblings
from app.stream_lag import StreamLag
from app.views.health import Part
from config import Settings
from proxy.routes import RUNNER_OPTIONS

logger = logging.getLogger(__name__)
PUBLISHING = frozenset({"direct", "replaying"})


class Process:
    """One process: its parts, and the host app that starts and stops them."""

    def __init__(self, settings: Settings, share: Share | None = None) -> None:
        """Everything that can be checked without I/O is. Raises: StartError.

        With `share` the process is one of several on a port.
        """
        # Here, because Faust's own command can be told to use uvloop as well.
        mend_connections()
        self._share = share
        self._siblings = None if share is None else Siblings(share.number, share.ports)
        self.settings = settings
        self.metrics = Metrics()
        self.streams = Streams(settings, self.metrics)
        self.keys, self.gate = access_of(settings)
        self.features = features_of(settings, self.metrics, self.streams)
        self.streams.features = self.features
        for feature in self.features:
            if isinstance(feature, Controlling):
                self.keys.follow(feature.control)
        self.relaying = self._relaying()
        self.ingest = self._ingest()
        self.stream_side = self._stream_side()
        self.features = (*self.features, *self._queries())
        self.host = self._host()

    def parts(self) -> list[Part]:
        """What readiness reports of this role."""
        parts = []
        if self.relaying is not None:
            publisher = self.relaying.publisher
            parts.append(Part("publisher", lambda: publisher.state, PUBLISHING))
        if (side := self.stream_side) is not None:
            vital = self.settings.role == "worker"
            parts.append(Part("streams", lambda: side.state, frozenset({"running"}), vital))
        return parts + [part for feature in self.features for part in feature.parts()]

    def _relaying(self) -> Relaying | None:
        if self.settings.role == "worker":
            return None
        authorize = self.gate.relay_principal
        return Relaying(self.settings, self.metrics, self.streams.connection, None, authorize)

    def _ingest(self) -> Ingest | None:
        """`/api/v1/log` of a process without a relay; with one it is the relay's part."""
        if self.relaying is not None:
            return None
        return Ingest(self.settings, self.metrics, self.streams.connection)

    def _queries(self) -> list[Feature]:
        dashboard = Dashboard(self.gate)
        if (side := self.stream_side) is None:
            return [dashboard, Passing(self.settings)]
        return [
            dashboard,
            Querying(self.settings, side, self.streams.top),
            Tailing(self.settings, side, self.streams.feed),
            Watching(self.settings, side, self.metrics, self.parts),
        ]

    def _stream_side(self) -> StreamSide | None:
        if self.settings.role == "proxy":
            return None
        side = StreamSide(
            self.streams.build,
            supervision=supervision(self.settings.engine),
            on_stuck=self._replace_process,
        )
        self.metrics.stream_restarts.set_function(lambda: side.restarts_total)
        self.metrics.stream_running.set_function(lambda: side.state == "running")
        return side

    def _host(self) -> HostApp:
        settings, relaying = self.settings, self.relaying
        options = WebOptions(
            bind=settings.web.bind,
            port=settings.web.port,
            keepalive_s=settings.web.keepalive_s,
            shutdown_grace_s=settings.web.shutdown_grace_s,
            runner_options=RUNNER_OPTIONS,
            sockets=() if self._share is None else self._share.sockets(),
        )
        return HostApp(
            routes=self._register,
            web_options=options,
            data_dir=settings.data_dir,
            services=[
                LoopLag(self.metrics, SystemClock()),
                *([StreamLag(self.stream_side, self.metrics)] if self.stream_side else []),
                *([self._siblings] if self._siblings else []),
                *([relaying] if relaying else []),
                *([self.ingest] if self.ingest else []),
                *self.features,
            ],
            stream_side=self.stream_side,
            drain_hooks=self._drain_hooks(),
        )

    def _drain_hooks(self) -> list[DrainHook]:
        """What calls have left is published, then, where that is wanted, handled."""
        hooks: list[DrainHook] = [] if self.relaying is None else [self.relaying.drain]
        if self.stream_side is not None:
            timeout_s = self.settings.engine.catch_up_timeout_s
            hooks.append(CatchingUp(self.stream_side, timeout_s, SystemClock()).drain)
        return hooks

    def _register(self, web_app: web.Application) -> None:
        register_all(
            web_app,
            relaying=self.relaying,
            port=self.host.conf.web_port,
            parts=self.parts(),
            is_draining=lambda: self.host.draining,
            metrics=self.metrics,
            ingest=self.ingest,
            features=self.features,
            gate=self.gate,
            siblings=self._siblings,
        )

    def _replace_process(self) -> None:
        """The stream side cannot be stopped: drain, and let the platform start a new process."""
        logger.critical("draining, and ending this process")
        os.kill(os.getpid(), signal.SIGTERM)
