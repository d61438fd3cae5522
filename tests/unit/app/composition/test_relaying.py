"""The relay and its publisher as one part, on a real socket, with the in-memory outlet."""

import aiohttp
import pytest
from aiohttp import web

from app.composition.relaying import Relaying
from app.errors import StartError
from app.metrics import Metrics
from app.record.codec import decode_record
from config import load_settings
from proxy.publisher.memory import MemoryOutlet
from proxy.routes import RUNNER_OPTIONS
from tests.support.processes import free_port


async def test_a_call_through_it_ends_in_the_outlet() -> None:
    """Relayed to the mock on our own port, published once the part is drained."""
    outlet, port = MemoryOutlet(), free_port()
    relaying = Relaying(load_settings({}), Metrics(), {}, outlet)
    web_app = web.Application()
    relaying.register(web_app, port)
    runner = web.AppRunner(web_app, **RUNNER_OPTIONS)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await relaying.start()
    async with (
        aiohttp.ClientSession() as session,
        session.post(
            f"http://127.0.0.1:{port}/mock/v1/chat/completions",
            json={"model": "m", "messages": [{"role": "user", "content": "hi"}]},
            headers={"Tailrace-User-Id": "alice"},
        ) as reply,
    ):
        assert reply.status == 200
        request_id = reply.headers["tailrace-request-id"]
    await runner.cleanup()
    await relaying.drain()
    await relaying.stop()
    (record,) = [decode_record(message.value) for message in outlet.on("tailrace.exchanges")]
    assert (record.user, record.request_id, record.outcome) == ("alice", request_id, "completed")
    assert len(outlet.on("tailrace.bodies")) == 1
    assert relaying.publisher.state == "stopped"


def test_an_unknown_default_upstream_stops_the_start() -> None:
    """One line that names the setting and what there is."""
    settings = load_settings({"TAILRACE_DEFAULT_UPSTREAM": "nowhere"})
    with pytest.raises(StartError, match=r"TAILRACE_DEFAULT_UPSTREAM=nowhere.*openai"):
        Relaying(settings, Metrics(), {}, MemoryOutlet())
