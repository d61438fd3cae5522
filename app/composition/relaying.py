"""The relay and what it publishes through, as one part of the process."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web

from app.clock import SystemClock
from app.composition.direct import Direct
from app.composition.ways import register_log, ways_out
from app.ids import RandomIds
from app.metrics import Metrics
from app.record.topics import Topics
from config import Settings
from proxy.capture.capture import Capture
from proxy.publisher.accounts.book import Book
from proxy.publisher.accounts.reporting import Reporter
from proxy.publisher.outlet import Outlet
from proxy.publisher.publisher import Bounds, Publisher
from proxy.relay.call import Calls, Recorder
from proxy.relay.caller import Authorize
from proxy.relay.handler import Relay
from proxy.relay.upstreams import Upstreams
from proxy.routes import register_routes
from proxy.sampling import Sampler
from proxy.upstream.http1.client import Http1Upstream
from proxy.upstream.protocol import Timeouts

# Encoding and sending many records together costs less than half for each.
GATHER_S = 0.02
TELLING = frozenset({"direct", "replaying"})


class Relaying:
    """Upstream client, relay and publisher. A `Part` of the host; `drain` is its drain hook."""

    def __init__(
        self,
        settings: Settings,
        metrics: Metrics,
        connection: Mapping[str, Any],
        outlet: Outlet | None = None,
        authorize: Authorize | None = None,
    ) -> None:
        """Checks the upstreams' names and addresses. Raises: StartError.

        `outlet` takes the place of all ways out; `authorize` says whose a call is.
        """
        self._authorize = authorize
        self._settings = settings
        self._metrics = metrics
        self._upstreams = self._table(settings.web.port)
        kafka, publish = settings.kafka, settings.publish
        ids = RandomIds()
        self._producer_id = ids.request_id()
        self._ways = ways_out(
            settings, metrics, connection, self._producer_id, outlet, on_loss=self._spill_lost
        )
        self.publisher = Publisher(
            self._ways,
            Topics(kafka.topic_prefix),
            producer_id=self._producer_id,
            bounds=Bounds(publish.max_records, publish.max_bytes, GATHER_S),
            clock=SystemClock(),
            metrics=metrics,
            sampler=Sampler(settings.sample.rate, settings.sample.tenants),
        )
        self._ids = ids
        self._direct = Direct(settings, metrics)
        self._relay: Relay | None = None
        self._client: Http1Upstream | None = None

    async def start(self) -> None:
        """Begin to publish; the broker may be away. Raises: StartError."""
        topics, ways = Topics(self._settings.kafka.topic_prefix), self._ways
        book = Book(self._settings.data_dir / "accounts", self._producer_id)
        reporter = Reporter(
            book,
            topics.counts,
            ways.deliver_direct,
            may_tell=lambda: ways.state in TELLING,
            clock=SystemClock(),
        )
        self.publisher.book, self.publisher.before_close = book, reporter.close
        await self.publisher.start()
        reporter.start()

    def _spill_lost(self, reason: str, messages: int) -> None:
        if self.publisher.book is not None and "body" not in reason:
            self.publisher.book.lost(reason, messages)

    def register(self, web_app: web.Application, port: int) -> None:
        """Add the relay's routes; needs the running loop. `port` is the one we listen on."""
        settings = self._settings
        recorder = Recorder(
            sink=self.publisher,
            new_capture=partial(Capture, larger=self._direct.uploads),
            clock=SystemClock(),
            ids=self._ids,
            metrics=self._metrics,
            settings=settings.capture,
            large_wait_s=settings.archive.direct_wait_s,
        )
        times = settings.relay
        timeouts = Timeouts(
            times.connect_timeout_s, times.first_byte_timeout_s, times.idle_timeout_s
        )
        self._client = Http1Upstream(timeouts, times.max_connections)
        self._relay = Relay(
            self._table(port), self._client, Calls(recorder, self._authorize), times
        )
        register_routes(web_app, self._relay, mock=settings.mock.enabled)
        register_log(web_app, settings, self._metrics, self._ways, self._producer_id)

    async def drain(self) -> None:
        """Publish what is left, once no call is under way any more."""
        timeout_s = self._settings.publish.drain_timeout_s
        if self._relay is not None:
            await self._relay.close(timeout_s)
        await self.publisher.close(timeout_s)

    async def stop(self) -> None:
        """Let go of connections."""
        await self.publisher.close(0)
        await self._direct.stop()
        client, self._client = self._client, None
        if client is not None:
            await client.close()
            # aiohttp closes TLS transports in the loop's next turns.
            await asyncio.sleep(0)

    def _table(self, port: int) -> Upstreams:
        settings = self._settings
        mock_url = f"http://127.0.0.1:{port}/internal/mock" if settings.mock.enabled else None
        return Upstreams.build(settings.upstreams, settings.default_upstream, mock_url)
