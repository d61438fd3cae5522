"""Our relay with logging off: the same server and client, no capture, nothing published.

python -m tests.bench.relay_alone PORT UPSTREAM_URL
"""

import asyncio
import gc
import sys
from typing import Any

import uvloop
from aiohttp import web

from app.clock import SystemClock, utc
from app.front import FrontRunner
from app.ids import RandomIds
from app.metrics import Metrics
from app.record.draft import Draft
from config.sections import CaptureSettings, RelaySettings, UpstreamSettings
from proxy.exchange import Finished, Stamp
from proxy.relay.call import Calls
from proxy.relay.handler import Relay
from proxy.relay.recording import Recorder
from proxy.relay.upstreams import Upstreams
from proxy.routes import RUNNER_OPTIONS, register_routes
from proxy.upstream.http1.client import Http1Upstream
from proxy.upstream.protocol import Timeouts

NOTHING = Finished(Draft({"outcome": "completed"}), None)
STAMP = Stamp("nobody", 0, utc(0))


class Nowhere:
    """Takes records and forgets them."""

    def stamp(self, tenant: str) -> Stamp:
        """The same for all."""
        return STAMP

    def offer(self, finished: Any) -> None:
        """Forget it."""


class NoCapture:
    """Looks at nothing."""

    __slots__ = ()
    ended = False

    def ignore(self, *_: Any) -> None:
        """Whatever it is."""

    feed_request = request_sent = response_started = feed_response = ignore

    def larger(self) -> tuple[()]:
        """None."""
        return ()

    def finish(self, *_: Any) -> Any:
        """What is forgotten next."""
        return NOTHING


NO_CAPTURE = NoCapture()


async def serve(port: int, upstream_url: str) -> None:
    """Relay until the process is killed."""
    settings = RelaySettings()
    recorder = Recorder(
        Nowhere(),
        lambda *_: NO_CAPTURE,
        SystemClock(),
        RandomIds(),
        Metrics(),
        CaptureSettings(),
    )
    timeouts = Timeouts(
        settings.connect_timeout_s, settings.first_byte_timeout_s, settings.idle_timeout_s
    )
    client = Http1Upstream(timeouts, settings.max_connections)
    canned = UpstreamSettings(base_url=upstream_url, dialect="openai")
    table = Upstreams.build({"canned": canned}, "canned")
    web_app = web.Application()
    register_routes(web_app, Relay(table, client, Calls(recorder), settings), mock=False)
    runner = FrontRunner(web_app, **RUNNER_OPTIONS)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    gc.freeze()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(serve(int(sys.argv[1]), sys.argv[2]))
