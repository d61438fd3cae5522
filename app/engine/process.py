"""The loop between a stream and a handler."""

import asyncio
import logging
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any

from app.engine.contracts import Message
from app.engine.slices import messages_of

if TYPE_CHECKING:
    from app.engine.app import StreamApp

logger = logging.getLogger(__name__)
Handle = Callable[[Message], None]
TURN_S = 0.001
"""How long messages are handled before the event loop is given back."""


async def process(app: "StreamApp", stream: Any, handle: Handle) -> None:
    """Handle one message after the other while the producer has room; ack what is handled.

    The messages of a partition come in slices, which are acked as a whole. The event loop is given
    back after each slice and each `TURN_S`; what a turn puts into tables is written at its end,
    each key once. A message that was revoked while it waited is dropped: it will come again. The
    first exception ends the incarnation without an ack.
    """
    stream.channel.queue.takes_slices = True
    async for event in stream.noack().events():
        is_done = await _handled(app, event.message, handle)
        if app.failure is not None:
            return
        if is_done:
            event.ack()


async def _handled(app: "StreamApp", raw: Any, handle: Handle) -> bool:
    """Whether all of a slice, or a message alone, was handled."""
    turn = Turn(app, raw.partition)
    try:
        for message in messages_of(raw, app.options.epoch):
            if turn.is_over or not app.outbox.has_room:
                await turn.give_back()
            if app.failure is not None or not app.reader.is_reading(raw):
                return False
            app.in_hand.message = message
            handle(message)
        turn.end()
    except Exception as exc:
        logger.exception("a handler failed at %s, offset %d", raw.tp, raw.offset)
        app.fail_stop(exc)
        return False
    finally:
        turn.drop()
        app.in_hand.message = None
    return True


class Turn:
    """What is done between two moments at which the event loop is given back."""

    def __init__(self, app: "StreamApp", partition: int) -> None:
        """Begin the first one."""
        self._app, self._partition = app, partition
        self._began_s = monotonic()
        app.hold_writes(partition)

    @property
    def is_over(self) -> bool:
        """Whether it has taken its time."""
        return monotonic() - self._began_s > TURN_S

    def end(self) -> None:
        """Write what was put."""
        self._app.write_held()

    def drop(self) -> None:
        """Forget what was put since the last end: those messages will come again."""
        self._app.drop_held()

    async def give_back(self) -> None:
        """Write what was put, give the loop back, wait for room; then begin the next turn."""
        self.end()
        if self._app.outbox.has_room:
            await asyncio.sleep(0)
        else:
            await self._app.outbox.room()
        self._app.hold_writes(self._partition)
        self._began_s = monotonic()
