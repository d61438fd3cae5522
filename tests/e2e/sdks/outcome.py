"""What a case came to, in a form that can be compared."""

import asyncio
import dataclasses
import inspect
from collections.abc import Awaitable, Callable
from typing import Any

from pydantic import BaseModel

LEFT_OUT = {"sdk_http_response", "_request_id"}
UNLIKE = {
    # Each message's own (RFC 9110, 6.6.1), and the connection's (7.6.1).
    "date",
    "connection",
    "keep-alive",
    "transfer-encoding",
    # What the relay adds.
    "tailrace-request-id",
}


def shown(value: Any) -> Any:
    """A value of an SDK as plain data."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", exclude=LEFT_OUT, warnings=False)
    if isinstance(value, list | tuple):
        return [shown(each) for each in value]
    if isinstance(value, dict):
        return {name: shown(each) for name, each in value.items()}
    if dataclasses.is_dataclass(value):
        return {each.name: shown(getattr(value, each.name)) for each in dataclasses.fields(value)}
    return value


def headers_of(headers: Any) -> dict[str, str]:
    """All headers, but those that no two answers have in common."""
    return {name.lower(): value for name, value in headers.items() if name.lower() not in UNLIKE}


class BrokenOff(Exception):
    """A stream that raised, with the events before that."""

    def __init__(self, events: list[Any], error: Exception) -> None:
        super().__init__(str(error))
        self.events, self.error = events, error


def failed(error: BaseException) -> dict[str, Any]:
    """An exception: its class, its status and what it says; of a stream what came before it."""
    if isinstance(error, BrokenOff):
        return {**failed(error.error), "events": error.events}
    response = getattr(error, "response", None)
    return {
        "raised": f"{type(error).__module__}.{type(error).__name__}",
        "status": getattr(error, "status_code", getattr(error, "code", None)),
        "body": shown(getattr(error, "body", getattr(error, "details", None))),
        "text": str(error),
        "headers": headers_of(getattr(response, "headers", {})),
    }


async def outcome(case: Callable[..., Any], client: Any) -> Any:
    """What a case gives or raises; one that blocks runs in a thread."""
    try:
        if inspect.iscoroutinefunction(case):
            result = await _awaited(case(client))
        else:
            result = await asyncio.to_thread(case, client)
    except Exception as error:  # noqa: BLE001 - any exception is an outcome to be compared
        return failed(error)
    return shown(result)


async def _awaited(result: Awaitable[Any]) -> Any:
    return await result
