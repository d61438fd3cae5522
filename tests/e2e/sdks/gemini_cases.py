"""Calls of the package `google-genai`."""

import io
from functools import partial
from typing import Any

from pydantic import BaseModel

from tests.e2e.sdks.case import Case
from tests.e2e.sdks.clients import GEMINI

CALL: dict[str, Any] = {"model": "gemini-2.5-flash", "contents": "Where does the water go? 😀"}
SEEN = [
    {"text": "What is this?"},
    {"inline_data": {"mime_type": "image/png", "data": b"\x89PNG\r\n\x1a\n"}},
]
TOOLS = {"tools": [{"function_declarations": [{"name": "weather", "description": "the weather"}]}]}
GENERATE, STREAM = "models.generate_content", "models.generate_content_stream"


class City(BaseModel):
    """What a structured answer is parsed into."""

    city: str
    rivers: int


JSON = {"response_mime_type": "application/json", "response_schema": City}


def uploaded() -> dict[str, Any]:
    """A file, read anew by each upload."""
    return {"file": io.BytesIO(b"hello\n" * 50_000), "config": {"mime_type": "text/plain"}}


case = partial(Case, GEMINI)
CASES = [
    case("generate", GENERATE, CALL, "gemini/plain"),
    case("stream", STREAM, CALL, "gemini/stream_events", "stream"),
    case("function call", GENERATE, CALL | {"config": TOOLS}, "function call"),
    case("function call stream", STREAM, CALL | {"config": TOOLS}, "gemini/stream_tools", "stream"),
    case("vision", GENERATE, CALL | {"contents": SEEN}, "gemini/plain"),
    case("structured", GENERATE, CALL | {"config": JSON}, "structured generated"),
    case(
        "raw",
        GENERATE,
        CALL | {"config": {"should_return_http_response": True}},
        "gemini/plain",
        "raw",
    ),
    case("blocked", GENERATE, CALL, "gemini/plain_blocked", ends="refused"),
    case("count_tokens", "models.count_tokens", CALL, "tokens"),
    case("file upload", "files.upload", uploaded, "models"),
    case(
        "error in a stream",
        STREAM,
        CALL,
        "gemini/stream_error",
        "stream",
        ends="upstream_error",
        raises=True,
    ),
    case(
        "cut stream",
        STREAM,
        CALL,
        "gemini/stream_events",
        "stream",
        {"x-cut-after": "1"},
        ends="upstream_error",
        raises=True,
    ),
    *[
        case(
            f"error {status}",
            GENERATE,
            CALL,
            "models",
            how={"x-status": str(status)},
            ends="upstream_error",
            raises=True,
        )
        for status in (400, 401, 403, 404, 409, 422, 429, 500, 503, 529)
    ],
]
