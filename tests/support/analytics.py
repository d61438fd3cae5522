"""A real analytics engine for tests: ClickHouse's own, in the child that `tailrace up` starts."""

import asyncio
import os
import signal
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.embedded.analytics import analytics_child, analytics_url
from app.embedded.data_dir import DataDir
from app.embedded.leash import leashed
from app.sinks.clickhouse.address import address_of
from app.sinks.clickhouse.client import ClickHouse
from tests.support.embedded import ABSENT, PACKAGES
from tests.support.processes import free_port

NUMBERS = count()


class EngineProcess:
    """One engine on one port and directory; killed and started again at will, from any loop."""

    def __init__(self, root: Path) -> None:
        """Nothing runs."""
        self.data_dir = DataDir.at(root)
        self.data_dir.root.mkdir(parents=True, exist_ok=True)
        port = free_port()
        self.url = analytics_url(self.data_dir, port)
        self._spec = analytics_child(self.data_dir, port)
        self._popen: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process is there."""
        return self._popen is not None and self._popen.poll() is None

    @property
    def pid(self) -> int:
        """The process id."""
        assert self._popen is not None
        return self._popen.pid

    async def start(self) -> "EngineProcess":
        """Start it and wait until it serves; what was stored before is there."""
        self._spec.log_path.parent.mkdir(parents=True, exist_ok=True)
        with self._spec.log_path.open("ab") as log:
            self._popen = subprocess.Popen(
                leashed(self._spec.command),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=dict(self._spec.environment),
                start_new_session=True,
            )
        async with asyncio.timeout(60):
            while not await self._spec.probe():
                assert self.is_running, self._spec.log_path.read_text(errors="replace")
                await asyncio.sleep(0.05)
        return self

    def stop(self) -> None:
        """SIGTERM, and wait; what it holds is written."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self._end(signal.SIGKILL)

    def _end(self, signum: int) -> None:
        popen, self._popen = self._popen, None
        if popen is None:
            return
        if popen.poll() is None:
            os.killpg(popen.pid, signum)
        popen.wait(20)
        assert popen.stdin is not None
        popen.stdin.close()

    def url_of(self, database: str) -> str:
        """The URL of another database in it."""
        return self.url.rpartition("/")[0] + f"/{database}"

    def client(self, database: str | None = None, **options: Any) -> ClickHouse:
        """A client that is not opened yet; of a database of its own unless one is named."""
        name = f"test_{next(NUMBERS)}" if database is None else database
        return ClickHouse(address_of(self.url_of(name)), **options)


@pytest.fixture(scope="session")
def analytics_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EngineProcess]:
    """One engine for the tests of a session, each of which takes a database of its own."""
    if set(ABSENT) & {"chdb", "clickhouse_connect"}:
        pytest.skip(f"no {' '.join(PACKAGES)}: pip install 'tailrace[embedded]'")
    engine = EngineProcess(tmp_path_factory.mktemp("analytics"))
    asyncio.run(engine.start())
    yield engine
    engine.kill()


@pytest.fixture
def own_analytics_engine(tmp_path: Path) -> Iterator[EngineProcess]:
    """An engine that a test may kill; not started."""
    engine = EngineProcess(tmp_path / "engine")
    yield engine
    engine.kill()
