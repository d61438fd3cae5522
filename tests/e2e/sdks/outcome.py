"""What a case came to, in a form that can be compared."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

CHANGED = {
    "date": "is another second",
    "connection": "is about one connection (RFC 9110, section 7.6.1)",
    "keep-alive": "is about one connection (RFC 9110, section 7.6.1)",
    "transfer-encoding": "is about one connection (RFC 9112, section 6.1)",
    "tailrace-request-id": "is added, and tested for",
    "tailrace-modified": "is added where an address is ours",
    "location": "leads back through the relay",
    "x-goog-upload-url": "leads back through the relay",
}
"""What a response through the relay cannot have in common with a direct one, and why."""


class BrokenOff(Exception):
    """A stream that raised, with the events before that."""

    def __init__(self, events: list[Any], error: Exception) -> None:
        super().__init__(str(error))
        self.events, self.error = events, error


def headers_of(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """All header fields that are to be equal."""
    pairs = [(name.lower(), value) for name, value in headers.items()]
    return sorted(pair for pair in pairs if pair[0] not in CHANGED)


def shown(value: Any) -> Any:
    """A value of an SDK as plain data."""
    if isinstance(value, BaseModel):
        return {"request_id": getattr(value, "_request_id", None), **shown_model(value)}
    if isinstance(value, list | tuple):
        return [shown(each) for each in value]
    if isinstance(value, dict):
        return {name: shown(each) for name, each in value.items()}
    return value


def shown_model(value: BaseModel) -> dict[str, Any]:
    """A model's fields; Gemini's have the raw response among them."""
    dumped = value.model_dump(mode="json", warnings=False)
    response = dumped.get("sdk_http_response")
    if response and response.get("headers"):
        response["headers"] = headers_of(response["headers"])
    return dumped


def failed(error: BaseException) -> dict[str, Any]:
    """An exception: its class, its status and what it says; of a stream what came before it."""
    if isinstance(error, BrokenOff):
        return {**failed(error.error), "events": error.events}
    response = getattr(error, "response", None)
    headers = getattr(response, "headers", None)
    return {
        "raised": f"{type(error).__module__}.{type(error).__name__}",
        "status": getattr(error, "status_code", getattr(error, "code", None)),
        "request_id": getattr(error, "request_id", None),
        "body": shown(getattr(error, "body", getattr(error, "details", None))),
        "headers": None if headers is None else headers_of(headers),
        "text": str(error),
    }
