import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.engine import producer as module
from app.engine.outbox import DeliveryError
from app.engine.security import BrokerSecurity
from tests.support.batches import Builder
from tests.support.kafkaless import engine_app


class Client:
    """As much of aiokafka's producer as a stop touches."""

    def __init__(self, *, hangs: bool = False) -> None:
        self.hangs = hangs
        self.stopped = False
        self.cut = False
        self._closed = False
        self._sender = SimpleNamespace(sender_task=None)
        self._message_accumulator = SimpleNamespace(_batches={})
        self.client = SimpleNamespace(close=self._close)
        self.sent: list[Any] = []

    async def stop(self) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        self.stopped = True

    async def _close(self) -> None:
        self.cut = True

    def create_batch(self) -> Builder:
        return Builder()

    async def send_batch(self, batch: Builder, topic: str, *, partition: int) -> Any:
        self.sent.append((topic, partition, batch.messages))
        return asyncio.get_running_loop().create_future()


@pytest.mark.parametrize("idempotent", [True, False])
async def test_settings_reach_the_client(tmp_path: Path, idempotent: bool) -> None:
    security = BrokerSecurity("SASL_PLAINTEXT", "PLAIN", "u", "p")
    async with engine_app(tmp_path, idempotent=idempotent, security=security) as app:
        producer: Any = app.producer
        assert producer._settings_extra().get("enable_idempotence", False) is idempotent
        assert producer._settings_auth()["sasl_plain_username"] == "u"
        assert app.outbox.max_records == app.options.max_outstanding_records


async def test_a_message_goes_to_its_partition(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        client = Client()
        app.producer._producer = client
        await app.outbox.start()
        app.outbox.add("t", 2, b"k", b"v")
        await asyncio.sleep(0.01)
        assert client.sent == [("t", 2, [(b"k", b"v")])]
        await app.outbox.stop()


async def test_a_stop_with_everything_delivered_is_clean(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        client = Client()
        app.producer._producer = client
        await app.producer.on_stop()
        await app.producer.on_stop()
        assert (client.stopped, client.cut) == (True, False)


async def test_a_stop_after_a_failure_cuts_the_connections(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        client = Client()
        app.producer._producer = client
        app.outbox._fail(DeliveryError("lost"))
        await app.producer.on_stop()
        assert (client.stopped, client.cut) == (False, True)


async def test_a_stop_with_messages_that_nobody_waits_for_cuts_too(tmp_path: Path) -> None:
    async with engine_app(tmp_path) as app:
        client = Client()
        app.producer._producer = client
        app.emit("t", None, b"v")
        await app.producer.on_stop()
        assert client.cut


async def test_a_client_that_hangs_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "STOP_TIMEOUT_S", 0.01)
    async with engine_app(tmp_path) as app:
        client = Client(hangs=True)
        app.producer._producer = client
        await app.producer.on_stop()
        assert client.cut
