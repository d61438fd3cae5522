"""What the relay's benchmarks measure: ours, recording to a real broker, before one upstream."""

import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from app.record.topics import Topics
from tests.bench.cores import apart
from tests.support.kafka import KafkaBroker
from tests.support.processes import Process, free_port, until_open

PATH = "/v1/chat/completions"
OURS_PATH = "/canned" + PATH
REFUSED = "127.0.0.1:1"
"""Where nobody listens."""


def python(*arguments: str) -> subprocess.Popen[bytes]:
    """A Python process of ours."""
    return subprocess.Popen([sys.executable, "-m", *arguments])


def proxy(data_dir: Path, brokers: str, upstream_port: int) -> Process:
    """Ours in role `proxy`, not started yet."""
    canned = {"base_url": f"http://127.0.0.1:{upstream_port}", "dialect": "openai"}
    return Process(
        data_dir,
        role="proxy",
        kafka__bootstrap_servers=brokers,
        upstreams=orjson.dumps({"canned": canned}).decode(),
    )


@dataclass(slots=True)
class Recorded:
    """Ours in role `proxy`, and the canned upstream; what is put into `others` ends with them."""

    ours: Process
    broker: KafkaBroker
    upstream: subprocess.Popen[bytes]
    upstream_port: int
    others: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where the upstream is."""
        return f"http://127.0.0.1:{self.upstream_port}"

    def alone(self, *measured: int) -> None:
        """Give these processes a core that they share with nobody else."""
        apart(measured, (0, self.upstream.pid), self.broker.pid)

    async def beside(self, module: str) -> tuple[subprocess.Popen[bytes], int]:
        """A relay that is a module of this package, before the same upstream; its port."""
        port = free_port()
        process = python(f"tests.bench.{module}", str(port), self.url)
        self.others.append(process)
        await until_open(port)
        return process, port

    async def spilling(self, data_dir: Path) -> Process:
        """Another one of ours, whose broker refuses connections."""
        process = proxy(data_dir, REFUSED, self.upstream_port).start()
        assert process.popen is not None
        self.others.append(process.popen)
        await process.until_live()
        return process


@asynccontextmanager
async def recorded(root: Path) -> AsyncIterator[Recorded]:
    """All of it started and ready; everything has ended afterwards."""
    port = free_port()
    on = KafkaBroker.started(root / "kafka")
    ours = proxy(root / "proxy", on.bootstrap_servers, port)
    made = Recorded(ours, on, python("tests.bench.canned_upstream", str(port)), port)
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
