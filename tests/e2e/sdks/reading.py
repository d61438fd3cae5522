"""A case, run: how the answer of each mode is read, by an async and by a sync client."""

from typing import Any

from tests.e2e.sdks.case import Case
from tests.e2e.sdks.outcome import BrokenOff, headers_of, shown

FINALS = ("get_final_completion", "get_final_response", "get_final_message")
"""What the helpers of `openai` and `anthropic` call the sum of a stream."""


async def run_async(case: Case, client: Any) -> Any:
    """What comes of a case. Raises: what the SDK raises, and BrokenOff within a stream."""
    asked = case.asked(client)
    if case.mode in ("bytes", "helper"):
        async with asked as answer:
            if case.mode == "bytes":
                return [answer.status_code, headers_of(answer.headers), await answer.read()]
            events = await _events_async(case, answer)
            return events if case.reads else [events, shown(await final_of(answer)())]
    answer = await asked
    if case.mode == "stream":
        return await _events_async(case, answer)
    if case.mode == "raw":
        body = answer.content if hasattr(answer, "content") else await answer.read()
        return [answer.status_code, headers_of(answer.headers), body, shown(await _parsed(answer))]
    return answer.content if case.mode == "binary" else shown(answer)


async def _parsed(answer: Any) -> Any:
    parsed = answer.parse()
    return await parsed if hasattr(parsed, "__await__") else parsed


async def _events_async(case: Case, answer: Any) -> list[Any]:
    events: list[Any] = []
    try:
        async for event in answer:
            events.append(shown(event))
            if len(events) == case.reads:
                await (answer.aclose if hasattr(answer, "aclose") else answer.close)()
                break
    except Exception as error:
        raise BrokenOff(events, error) from error
    return events


def run_sync(case: Case, client: Any) -> Any:
    """The same, blocking."""
    asked = case.asked(client)
    if case.mode in ("bytes", "helper"):
        with asked as answer:
            if case.mode == "bytes":
                return [answer.status_code, headers_of(answer.headers), answer.read()]
            events = _events_sync(case, answer)
            return events if case.reads else [events, shown(final_of(answer)())]
    if case.mode == "stream":
        return _events_sync(case, asked)
    if case.mode == "raw":
        body = asked.content if hasattr(asked, "content") else asked.read()
        return [asked.status_code, headers_of(asked.headers), body, shown(asked.parse())]
    return asked.content if case.mode == "binary" else shown(asked)


def _events_sync(case: Case, answer: Any) -> list[Any]:
    events: list[Any] = []
    try:
        for event in answer:
            events.append(shown(event))
            if len(events) == case.reads:
                answer.close()
                break
    except Exception as error:
        raise BrokenOff(events, error) from error
    return events


def final_of(answer: Any) -> Any:
    """The method that gives the sum of a stream."""
    return next(getattr(answer, name) for name in FINALS if hasattr(answer, name))
