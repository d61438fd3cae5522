"""One attempt at writing messages to a sink, which never raises for the sink's sake."""

import asyncio
import logging
from collections.abc import Sequence

from app.engine.contracts import Again, Handle, Message, Result, Write

logger = logging.getLogger(__name__)


def each(handle: Handle) -> Write:
    """A handler of one message as a writer of batches."""

    async def write(messages: Sequence[Message]) -> Sequence[Result]:
        return [await handle(message) for message in messages]

    return write


async def attempt(write: Write, messages: Sequence[Message]) -> list[Result]:
    """One result for each message; whatever `write` raises, all of them are to be tried again.

    Raises: CancelledError when this task is cancelled, not for one that comes from within.
    """
    try:
        results = list(await write(messages))
        _check(results, len(messages))
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return _failed(messages, "cancelled from within")
    except Exception as exc:  # noqa: BLE001 - mapped: the messages are tried again
        return _failed(messages, f"{type(exc).__name__}: {exc}")
    return results


def _check(results: Sequence[Result], count: int) -> None:
    if len(results) != count:
        raise ValueError(f"{len(results)} results for {count} messages")
    for result in results:
        if not (result is None or isinstance(result, Again)):
            raise TypeError(f"{result!r} is no result")


def _failed(messages: Sequence[Message], reason: str) -> list[Result]:
    position = messages[0].position
    logger.error("writing %d messages from %s failed", len(messages), position, exc_info=True)
    return [Again(reason)] * len(messages)
