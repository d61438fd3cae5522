"""A real Apache Kafka broker for the tests: KRaft, one node, from Maven's artifacts.

Needs Java 17 and Maven. Tests that use `kafka_broker` skip with a reason where these are missing,
unless TAILRACE_REQUIRE_KAFKA is set: then they fail.
"""

import asyncio
import base64
import ctypes
import fcntl
import shutil
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from app.record.topics import TopicSpec
from tests.support.processes import REPO, free_port
from tests.support.required import skip_or_fail

JARS = REPO / "build" / "kafka" / "jars"
PR_SET_PDEATHSIG = 1
JAVA = ("java", "-Xmx512m", "-Xms256m", "-cp")
PROPERTIES = """
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dirs={log_dir}
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
message.max.bytes=16777216
replica.fetch.max.bytes=16777216
log.segment.delete.delay.ms=1000
"""


def die_with_parent() -> None:
    """Let the kernel kill the child when the test run is gone, however it ended."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def missing() -> str | None:
    """What is needed and not there, with the way to get it; None when all is there."""
    absent = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if not absent:
        return None
    return f"no {' and no '.join(absent)}: install a JDK 17 and Maven (Debian: default-jdk maven)"


def jars() -> str:
    """The class path of the broker, fetched through Maven once, whichever lane comes first."""
    pom = Path(__file__).resolve().parents[1] / "kafka" / "pom.xml"
    marker = JARS / ".complete"
    JARS.parent.mkdir(parents=True, exist_ok=True)
    with JARS.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not marker.exists() or marker.read_text() != pom.read_text():
            shutil.rmtree(JARS, ignore_errors=True)
            command = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies"]
            options = [f"-DoutputDirectory={JARS}", "-DincludeScope=runtime"]
            subprocess.run([*command, *options], check=True, timeout=600)
            marker.write_text(pom.read_text())
    return f"{JARS}/*"


class KafkaBroker:
    """One broker that can be stopped, killed, paused and started again on the same data."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.port = free_port()
        self.controller_port = free_port()
        self.bootstrap_servers = f"127.0.0.1:{self.port}"
        self._properties = root / "server.properties"
        self._popen: subprocess.Popen[bytes] | None = None

    @classmethod
    def started(cls, root: Path) -> Self:
        """A broker on fresh storage that runs."""
        broker = cls(root)
        broker.prepare()
        broker.start()
        return broker

    @classmethod
    @contextmanager
    def running(cls, root: Path) -> Iterator[Self]:
        """A broker of one's own, killed afterwards."""
        broker = cls.started(root)
        try:
            yield broker
        finally:
            broker.kill()

    def prepare(self) -> None:
        """Write the configuration and format the storage."""
        self.root.mkdir(parents=True, exist_ok=True)
        self._properties.write_text(
            PROPERTIES.format(
                port=self.port, controller_port=self.controller_port, log_dir=self.root / "logs"
            )
        )
        cluster_id = "K" + base64.urlsafe_b64encode(uuid.uuid4().bytes).decode()[1:22]
        command = [*JAVA, jars(), "kafka.tools.StorageTool", "format", "-t", cluster_id]
        done = subprocess.run(
            [*command, "-c", str(self._properties)], timeout=60, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, timeout_s: float = 60) -> None:
        """Start the broker and wait until it accepts connections."""
        with (self.root / "broker.log").open("ab") as log:
            self._popen = subprocess.Popen(
                [*JAVA, jars(), "kafka.Kafka", str(self._properties)],
                stdout=log,
                stderr=subprocess.STDOUT,
                preexec_fn=die_with_parent,
            )
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            assert self._popen.poll() is None, (self.root / "broker.log").read_text()[-3000:]
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.1)
        raise AssertionError("the broker did not start")

    @property
    def pid(self) -> int:
        """The broker's process id."""
        assert self._popen is not None
        return self._popen.pid

    def signal(self, signum: int) -> None:
        """Send the broker a signal, SIGSTOP and SIGCONT among them."""
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
                self._popen.wait(30)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait(10)
        self._popen = None

    async def create_topics(self, specs: Iterable[TopicSpec], partitions: int = 4) -> None:
        """Create topics, and wait until the broker knows them."""
        async with _admin(self.bootstrap_servers) as admin:
            await admin.create_topics(
                [
                    NewTopic(s.name, s.partitions or partitions, 1, topic_configs=s.configs)
                    for s in specs
                ]
            )

    async def delete_topics(self, names: Iterable[str]) -> None:
        """Delete topics, and wait until the broker has forgotten them."""
        wanted = set(names)
        async with _admin(self.bootstrap_servers) as admin:
            await admin.delete_topics(list(wanted))
            while wanted & set(await admin.list_topics()):
                await asyncio.sleep(0.1)

    async def topics(self) -> set[str]:
        """The names of all topics."""
        async with _admin(self.bootstrap_servers) as admin:
            return set(await admin.list_topics())


class _admin:  # noqa: N801 - used as a function, `async with _admin(servers)`
    def __init__(self, bootstrap_servers: str) -> None:
        self._client = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)

    async def __aenter__(self) -> AIOKafkaAdminClient:
        await self._client.start()
        return self._client

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    """The run's one broker; tests that kill it take `own_kafka_broker`."""
    yield from _running(tmp_path_factory.mktemp("kafka"))


@pytest.fixture
def own_kafka_broker(tmp_path: Path) -> Iterator[KafkaBroker]:
    """A broker of this test's own, to be stopped and killed."""
    yield from _running(tmp_path / "kafka")


def _running(root: Path) -> Iterator[KafkaBroker]:
    if (reason := missing()) is not None:
        skip_or_fail(reason, "TAILRACE_REQUIRE_KAFKA")
    broker = KafkaBroker.started(root)
    yield broker
    broker.stop()


@pytest.fixture
def topic_prefix() -> str:
    """Topic names that no other test uses."""
    return f"t{uuid.uuid4().hex[:12]}"
