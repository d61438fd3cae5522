"""`faust -A app.main worker`, as an operator runs it."""

import asyncio
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.support.kafka import KafkaBroker
from tests.support.processes import Process, free_port

FAUST = str(Path(sys.executable).parent / "faust")


@pytest.mark.kafka
@pytest.mark.slow
@pytest.mark.timeout(120)
async def test_it_relays_and_answers_its_live_table(
    kafka_broker: KafkaBroker, topic_prefix: str, tmp_path: Path
) -> None:
    """On another port than the settings say; it starts no embedded service."""
    port = free_port()
    process = Process(
        tmp_path / "w",
        command=[FAUST, "-A", "app.main", "worker", "-l", "info", "--web-port", str(port)],
        kafka__bootstrap_servers=kafka_broker.bootstrap_servers,
        kafka__topic_prefix=topic_prefix,
        kafka__partitions=4,
    )
    process.url = f"http://127.0.0.1:{port}"
    process.start()
    try:
        await process.until_ready()
        body = {"model": "m", "messages": [{"role": "user", "content": "hi"}]}
        headers = {"Tailrace-User-Id": "alice"}
        async with aiohttp.ClientSession() as session:
            url = f"{process.url}/mock/v1/chat/completions"
            async with session.post(url, json=body, headers=headers) as reply:
                assert reply.status == 200
        async with asyncio.timeout(10):
            while (answer := await process.get("/api/v1/users/alice"))[0] != 200:
                await asyncio.sleep(0.05)
        assert answer[1]["requests"] == 1
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
        assert children.strip() == ""
        assert process.stop() == 0
    finally:
        process.kill()


def test_without_a_broker_it_says_what_to_do(tmp_path: Path) -> None:
    """One line, naming the setting and `tailrace up`."""
    environ = Process(tmp_path).environ()
    command = [FAUST, "-A", "app.main", "worker", "-l", "info"]
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert "TAILRACE_KAFKA__BOOTSTRAP_SERVERS" in lines[0]
    assert "tailrace up" in lines[0]
