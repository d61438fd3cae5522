"""The producer: idempotent where the broker allows it, its buffer an `Outbox`, its stop bounded."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from faust.transport.drivers import aiokafka as driver

from app.engine.batches import Batches
from app.engine.options import EngineOptions
from app.engine.outbox import Outbox, Outgoing

logger = logging.getLogger(__name__)
STOP_TIMEOUT_S = 10.0


class Producer(driver.Producer):
    """Faust's producer with our buffer; everything is sent through it, in order."""

    buffer: Outbox
    app: Any
    transport: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Replace the buffer that Faust makes; the app carries the options."""
        super().__init__(*args, **kwargs)
        options: EngineOptions = self.app.options
        self.buffer = Outbox(loop=self.loop, beacon=self.beacon)
        self.buffer.app = self.app
        self.buffer.max_records = options.max_outstanding_records
        self.buffer.max_bytes = options.max_outstanding_bytes
        self._batches = Batches(self._ensure_producer, options.max_request_bytes)
        self.buffer.send = self._send_outgoing
        self.buffer.submit = self._batches.submit
        self.buffer.linger_s = options.linger_s
        self.buffer.on_failure = self.app.fail_stop
        self.buffer.may_send = lambda: self.app.lease.is_good
        self._extra = options.producer_settings
        self._security = options.security

    def _settings_extra(self) -> Mapping[str, Any]:
        return self._extra

    def _settings_auth(self) -> Mapping[str, Any]:
        return self._security.client_options()

    async def _send_outgoing(self, outgoing: Outgoing) -> "asyncio.Future[Any]":
        topic, partition, key, value, _, _ = outgoing
        return await self._batches.add(topic, partition, key, value)

    async def flush(self) -> None:
        """Wait until the broker has what was queued before the call.

        Raises: DeliveryError.
        """
        await self.buffer.barrier()

    async def sever(self, reason: str) -> None:
        """Let nothing that is under way come to the broker any more; this producer is done."""
        self.buffer.close(reason)
        producer, self._producer = self._producer, None
        if producer is not None:
            await _abandon(producer)

    async def on_stop(self) -> None:
        """Close the client; what the last commit did not wait for is left, as after a crash."""
        self.transport._topic_waiters.clear()
        producer, self._producer = self._producer, None
        if producer is None:
            return
        given_up = self.buffer.failure is not None or self.buffer.marks.outstanding_records > 0
        if given_up or not await _ends(producer.stop(), STOP_TIMEOUT_S):
            await _abandon(producer)


async def _ends(stopping: Any, timeout_s: float) -> bool:
    try:
        await asyncio.wait_for(stopping, timeout_s)
    except Exception as exc:  # noqa: BLE001 - counted as not stopped; the caller abandons it
        logger.warning("the producer did not stop: %r", exc)
        return False
    return True


async def _abandon(producer: Any) -> None:
    """Cut the connections of a producer whose batches will never be taken.

    Whoever cancels this meanwhile is heard; the batches are given up all the same.
    """
    producer._closed = True
    try:
        await _end_sender(producer._sender.sender_task)
        with suppress(Exception):
            await asyncio.wait_for(producer.client.close(), STOP_TIMEOUT_S)
    finally:
        for batches in list(producer._message_accumulator._batches.values()):
            for batch in batches:
                batch.future.cancel()


async def _end_sender(sender: "asyncio.Task[None] | None") -> None:
    if sender is None:
        return
    sender.cancel()
    await asyncio.wait({sender}, timeout=STOP_TIMEOUT_S)
    if sender.done() and not sender.cancelled() and (error := sender.exception()) is not None:
        logger.warning("the producer's sender failed: %r", error)
