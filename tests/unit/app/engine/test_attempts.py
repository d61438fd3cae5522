import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from app.engine.attempts import attempt, each
from app.engine.contracts import Again, Message, Position, Result

MESSAGES = [Message(None, None, Position("e", "t", 0, offset), 0.0) for offset in range(3)]


async def test_a_handler_of_one_message_writes_batches() -> None:
    async def handle(message: Message) -> Result:
        return Again("odd") if message.position.offset % 2 else None

    assert await each(handle)(MESSAGES) == [None, Again("odd"), None]


async def test_results_are_passed_on() -> None:
    async def write(messages: Sequence[Message]) -> Sequence[Result]:
        return (None, Again("down"), None)

    assert await attempt(write, MESSAGES) == [None, Again("down"), None]


@pytest.mark.parametrize(
    "results", [[], [None] * 2, [None] * 4, [None, None, True], None], ids=repr
)
async def test_an_answer_that_is_none_means_again_for_all(results: Any) -> None:
    async def write(messages: Sequence[Message]) -> Sequence[Result]:
        return results  # type: ignore[no-any-return]

    answered = await attempt(write, MESSAGES)
    assert [type(result) for result in answered] == [Again] * 3


@pytest.mark.parametrize("error", [RuntimeError("boom"), asyncio.CancelledError()], ids=repr)
async def test_whatever_is_raised_means_again_for_all(error: BaseException) -> None:
    async def write(messages: Sequence[Message]) -> Sequence[Result]:
        raise error

    assert [type(result) for result in await attempt(write, MESSAGES)] == [Again] * 3


async def test_a_cancelled_attempt_is_cancelled() -> None:
    async def write(messages: Sequence[Message]) -> Sequence[Result]:
        await asyncio.Event().wait()
        return []

    attempting = asyncio.ensure_future(attempt(write, MESSAGES))
    await asyncio.sleep(0)
    attempting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempting
