"""A real process in role `proxy` without a broker: it serves, and stops as it is told."""

import os
import signal
from pathlib import Path

import aiohttp
import pytest

from tests.support.processes import Process


def proxy(tmp_path: Path, **settings: object) -> Process:
    """A proxy whose broker is nowhere."""
    return Process(
        tmp_path / "p",
        role="proxy",
        kafka__bootstrap_servers="127.0.0.1:1",
        kafka__request_timeout_s=1,
        **settings,
    ).start()


@pytest.mark.slow
async def test_sigterm_is_an_orderly_stop(tmp_path: Path) -> None:
    """Exit code 0; what could not be published is counted in the log, not waited for forever."""
    process = proxy(tmp_path, publish__drain_timeout_s=1)
    try:
        await process.until_live()
        assert (await process.get("/health/live"))[0] == 200
        assert process.stop() == 0
    finally:
        process.kill()


@pytest.mark.slow
async def test_a_second_signal_ends_at_once(tmp_path: Path) -> None:
    """While the first waits for a stream that goes on for minutes."""
    process = proxy(tmp_path)
    body = {"model": "m", "stream": True, "messages": []}
    script = {"x-mock-chunks": "1000", "x-mock-delay-ms": "200"}
    try:
        await process.until_live()
        async with aiohttp.ClientSession() as session:
            url = f"{process.url}/mock/v1/chat/completions"
            async with session.post(url, json=body, headers=script) as reply:
                await reply.content.readany()
                os.kill(process.pid, signal.SIGTERM)
                await process.until_refusing()
                assert process.stop(timeout_s=20) == -signal.SIGKILL
    finally:
        process.kill()
