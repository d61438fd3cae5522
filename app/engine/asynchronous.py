"""The loops from a stream to a sink: coroutines that write messages and may have to try again."""

import asyncio
import logging
from collections.abc import Sequence
from random import random
from typing import TYPE_CHECKING, Any

from app.engine.backoff import Backoff
from app.engine.contracts import Again, Handle, Message, Result, SinkState, Write
from app.engine.process import to_message

if TYPE_CHECKING:
    from app.engine.app import StreamApp

logger = logging.getLogger(__name__)
FIRST_WAIT_S = 0.2
MAX_WAIT_S = 30.0


async def process_one_by_one(
    app: "StreamApp", stream: Any, write: Write, state: SinkState | None
) -> None:
    """Write each message until it is done, then ack it; the next one waits meanwhile."""
    async for event in stream.noack().events():
        if not app.outbox.has_room:
            await app.outbox.room()
        if app.failure is not None:
            return
        message = to_message(event.message, app.options.epoch)
        backoff = Backoff(FIRST_WAIT_S, MAX_WAIT_S, random)
        app.in_hand.message = message
        while app.reader.is_reading(event.message):
            again = await _attempt(write, message)
            if state is not None:
                state.attempted(1, int(again is None))
            if again is None:
                event.ack()
                break
            await asyncio.sleep(again.after_s if again.after_s is not None else backoff.next_s())


async def _attempt(write: Write, message: Message) -> Result:
    try:
        (result,) = await write([message])
    except Exception as exc:
        logger.exception("a sink failed at %s", message.position)
        return Again(f"{type(exc).__name__}: {exc}")
    return result


def each(handle: Handle) -> Write:
    """A handler of one message as a writer of batches."""

    async def write(messages: Sequence[Message]) -> Sequence[Result]:
        return [await handle(message) for message in messages]

    return write
