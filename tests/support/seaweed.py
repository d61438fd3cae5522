"""A real S3 server for the tests: SeaweedFS from its wheel, as `tailrace up` runs it."""

import asyncio
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.embedded.data_dir import DataDir
from app.embedded.object_store import S3Access, object_store_access, object_store_child
from app.embedded.ports import Ports
from config.archive_sections import S3Settings
from tests.support.embedded import ABSENT
from tests.support.kafka import die_with_parent
from tests.support.processes import free_port


class FreePorts(Ports):
    """Any free ports: several servers that start at once would race for the preferred ones."""

    def pick(self, preferred: int) -> int:
        return super().pick(free_port())


class Seaweed:
    """One server that can be stopped, killed, paused and started again on the same data."""

    def __init__(self, root: Path) -> None:
        data_dir = DataDir.at(root)
        for each in (data_dir.root / "secrets", data_dir.root / "logs"):
            each.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.access: S3Access = object_store_access(data_dir, self.port, "tailrace", "us-east-1")
        self._spec = object_store_child(data_dir, self.port, self.access, FreePorts())
        self._popen: subprocess.Popen[bytes] | None = None

    def start(self, timeout_s: float = 60) -> "Seaweed":
        """Start it, and wait until its bucket is there."""
        with self._spec.log_path.open("ab") as log:
            self._popen = subprocess.Popen(
                self._spec.command,
                env=dict(self._spec.environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,
            )
        deadline = time.monotonic() + timeout_s
        while not asyncio.run(self._spec.probe()):
            assert self._popen.poll() is None, self._spec.log_path.read_text()[-3000:]
            assert time.monotonic() < deadline, "the object store did not start"
            time.sleep(0.1)
        return self

    async def restart(self) -> None:
        """Start it from a test's own loop."""
        await asyncio.to_thread(self.start)

    def signal(self, signum: int) -> None:
        """Send it a signal, SIGSTOP and SIGCONT among them."""
        assert self._popen is not None
        self._popen.send_signal(signum)

    def stop(self) -> None:
        """SIGTERM, and wait."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL, and wait."""
        self._end(signal.SIGKILL)

    def _end(self, signum: int) -> None:
        if self._popen is not None and self._popen.poll() is None:
            self._popen.send_signal(signum)
            try:
                self._popen.wait(20)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait(10)
        self._popen = None

    def settings(self, **changes: Any) -> S3Settings:
        """The section that reaches it, changed as given."""
        given: dict[str, Any] = {
            "endpoint_url": self.access.endpoint_url,
            "bucket": self.access.bucket,
            "region": self.access.region,
            "access_key_id": self.access.access_key_id,
            "secret_access_key": self.access.secret_access_key,
        }
        return S3Settings(**(given | changes))

    def variables(self) -> dict[str, str]:
        """The same for a process, as `Process` takes it."""
        return {name.lower(): value for name, value in self.access.settings().items()}


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seaweed]:
    """The run's one store; tests that stop it take `own_seaweed`."""
    yield from _running(tmp_path_factory.mktemp("seaweed"))


@pytest.fixture
def own_seaweed(tmp_path: Path) -> Iterator[Seaweed]:
    """A store of this test's own, to be stopped and killed."""
    yield from _running(tmp_path / "seaweed")


def _running(root: Path) -> Iterator[Seaweed]:
    if ABSENT:
        pytest.skip(f"no {' '.join(ABSENT)}: pip install 'tailrace[embedded]'")
    server = Seaweed(root)
    server.start()
    yield server
    server.kill()
