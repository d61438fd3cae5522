"""The loop between a stream and a handler."""

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app.engine.contracts import Message, Position

if TYPE_CHECKING:
    from app.engine.app import StreamApp

logger = logging.getLogger(__name__)


async def process(app: "StreamApp", stream: Any, handle: Callable[[Message], None]) -> None:
    """Handle and ack, one message after the other, while the producer has room.

    The event loop is given back between two messages. A message that was revoked while it waited
    is dropped: it will come again. The first exception ends the incarnation without an ack.
    """
    outbox, consumer = app.outbox, app.reader
    async for event in stream.noack().events():
        if not outbox.has_room:
            await outbox.room()
        if app.failure is not None:
            return
        if not consumer.is_reading(event.message):
            continue
        app.in_hand.message = to_message(event.message, app.options.epoch)
        try:
            handle(app.in_hand.message)
        except Exception as exc:
            logger.exception("a handler failed at %s", app.in_hand.message.position)
            app.fail_stop(exc)
            return
        finally:
            app.in_hand.message = None
        event.ack()


def to_message(raw: Any, epoch: str) -> Message:
    """Faust's message as ours."""
    return Message(
        key=raw.key,
        value=raw.value,
        position=Position(epoch, raw.topic, raw.partition, raw.offset),
        broker_time_s=max(0.0, raw.timestamp or 0.0),
        headers=dict(raw.headers or ()),
    )
