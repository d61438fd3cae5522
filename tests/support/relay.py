"""A whole relay in this process: real server, real sockets, its records kept in a list."""

import asyncio
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from app.clock import SystemClock, utc
from app.front import FrontRunner
from app.ids import CountedIds
from app.metrics import Metrics
from app.record.model import Record
from config.sections import CaptureSettings, RelaySettings, UpstreamSettings
from proxy.exchange import Finished, Stamp
from proxy.relay.call import Calls
from proxy.relay.handler import Relay
from proxy.relay.recording import NewCapture, Recorder
from proxy.relay.upstreams import Upstreams
from proxy.routes import RUNNER_OPTIONS, register_routes
from proxy.upstream.http1.client import Http1Upstream
from proxy.upstream.protocol import Timeouts, UpstreamClient
from tests.support.plain_capture import PlainCapture

PATIENT_S = 20


@dataclass
class ListSink:
    """Takes every finished exchange; a test waits for the n-th. `stamped` has tenants in order."""

    finished: list[Finished] = field(default_factory=list)
    stamped: list[str] = field(default_factory=list)
    _came: asyncio.Event = field(default_factory=asyncio.Event)

    def stamp(self, tenant: str) -> Stamp:
        """The next stamp of producer `test`."""
        self.stamped.append(tenant)
        return Stamp("test", len(self.stamped) - 1, utc(1_700_000_000))

    def offer(self, finished: Finished) -> None:
        """Keep it."""
        self.finished.append(finished)
        self._came.set()

    async def records(self, count: int) -> list[Record]:
        """The records once there are `count` of them, and no more."""
        async with asyncio.timeout(PATIENT_S):
            while len(self.finished) < count:
                self._came.clear()
                await self._came.wait()
        # Whatever else is on its way gets the chance to show up as one too many.
        for _ in range(3):
            await asyncio.sleep(0)
        assert len(self.finished) == count
        return [each.record for each in self.finished]

    async def record(self) -> Record:
        """The only record."""
        return (await self.records(1))[0]


@dataclass
class Stand:
    """A relay being served."""

    url: str
    port: int
    sink: ListSink
    relay: Relay
    metrics: Metrics
    session: aiohttp.ClientSession

    def count(self, name: str, **labels: str) -> float:
        """A metric's value."""
        return self.metrics.registry.get_sample_value(f"tailrace_{name}", labels) or 0.0


def relay_settings(**changes: Any) -> RelaySettings:
    """Patient timeouts, unless changed."""
    patient = {
        "connect_timeout_s": PATIENT_S,
        "first_byte_timeout_s": PATIENT_S,
        "idle_timeout_s": PATIENT_S,
    }
    return RelaySettings(**patient | changes)


@asynccontextmanager
async def standing(
    upstream_url: str = "http://127.0.0.1:1",
    dialect: str = "openai",
    *,
    include_usage: bool = False,
    client: UpstreamClient | None = None,
    new_capture: NewCapture = PlainCapture,
    capture: CaptureSettings | None = None,
    runner: Mapping[str, Any] | None = None,
    default: str = "up",
    **changes: Any,
) -> AsyncIterator[Stand]:
    """A relay whose upstream `up` is at a URL, the default one unless named; the mock is there."""
    settings = relay_settings(**changes)
    web_app, sink, metrics = web.Application(), ListSink(), Metrics()
    options = {**RUNNER_OPTIONS, **(runner or {})}
    server = FrontRunner(web_app, shutdown_timeout=1, **options)
    async with AsyncExitStack() as stack:
        sock = stack.enter_context(_free_socket())
        port = sock.getsockname()[1]
        table = Upstreams.build(
            {
                "up": UpstreamSettings(
                    base_url=upstream_url,
                    dialect=dialect,  # type: ignore[arg-type]
                    include_usage=include_usage,
                )
            },
            default,
            f"http://127.0.0.1:{port}/internal/mock",
        )
        kept = capture or CaptureSettings()
        calls = Calls(Recorder(sink, new_capture, SystemClock(), CountedIds(), metrics, kept))
        client = client or Http1Upstream(_timeouts(settings), settings.max_connections)
        stack.push_async_callback(client.close)
        relay = Relay(table, client, calls, settings)
        register_routes(web_app, relay, mock=True)
        await server.setup()
        stack.push_async_callback(server.cleanup)
        stack.push_async_callback(relay.close, 0)
        await web.SockSite(server, sock).start()
        session = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        yield Stand(f"http://127.0.0.1:{port}", port, sink, relay, metrics, session)


def _timeouts(settings: RelaySettings) -> Timeouts:
    return Timeouts(
        settings.connect_timeout_s, settings.first_byte_timeout_s, settings.idle_timeout_s
    )


def _free_socket() -> socket.socket:

    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    return sock


@dataclass
class RawClient:
    """A client on a bare socket, for what no HTTP library would send."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def send(self, data: bytes) -> None:
        """Write and flush."""
        self.writer.write(data)
        await self.writer.drain()

    async def head(self) -> bytes:
        """The response's head."""
        return await self.reader.readuntil(b"\r\n\r\n")

    async def rest(self) -> bytes:
        """All bytes until the connection ends; a reset raises ConnectionError."""
        return await self.reader.read(-1)


@asynccontextmanager
async def raw_client(stand: Stand) -> AsyncIterator[RawClient]:
    """A connection to the relay."""
    reader, writer = await asyncio.open_connection("127.0.0.1", stand.port)
    try:
        yield RawClient(reader, writer)
    finally:
        writer.transport.abort()
