"""What the relay's benchmarks measure: ours, recording to a real broker, before one upstream."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from app.record.topics import Topics
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process, free_port, until_open

PATH = "/v1/chat/completions"
OURS_PATH = "/canned" + PATH


def python(*arguments: str) -> subprocess.Popen[bytes]:
    """A Python process of ours."""
    return subprocess.Popen([sys.executable, "-m", *arguments])


@dataclass(slots=True)
class Recorded:
    """Ours in role `proxy`, and the canned upstream; what is put into `others` ends with them."""

    ours: Process
    upstream: subprocess.Popen[bytes]
    upstream_port: int
    others: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the upstream is."""
        return f"http://127.0.0.1:{self.upstream_port}"

    async def beside(self, module: str) -> tuple[subprocess.Popen[bytes], int]:
        """A relay that is a module of this package, before the same upstream; its port."""
        port = free_port()
        process = python(f"tests.bench.{module}", str(port), self.url)
        self.others.append(process)
        await until_open(port)
        return process, port


@asynccontextmanager
async def recorded(root: Path) -> AsyncIterator[Recorded]:
    """All of it started and ready; everything has ended afterwards."""
    port = free_port()
    upstreams = {"canned": {"base_url": f"http://127.0.0.1:{port}", "dialect": "openai"}}
    on = KafkaBroker.started(root / "kafka")
    ours = Process(
        root / "proxy",
        role="proxy",
        kafka__bootstrap_servers=on.bootstrap_servers,
        upstreams=orjson.dumps(upstreams).decode(),
    )
    made = Recorded(ours, python("tests.bench.canned_upstream", str(port)), port)
    try:
        await on.create_topics(Topics().specs())
        await ours.start().until_ready()
        await until_open(port)
        yield made
    finally:
        if ours.popen is not None:
            ours.kill()
        for process in (made.upstream, *made.others):
            process.kill()
            process.wait()
        on.kill()
