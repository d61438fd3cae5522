"""Calls of the package `google-genai`."""

from typing import Any

from tests.e2e.sdks.case import Case

CALL: dict[str, Any] = {"model": "gemini-2.5-flash", "contents": "Where does the water go? 😀"}
SEEN = [
    {"text": "What is this?"},
    {"inline_data": {"mime_type": "image/png", "data": b"\x89PNG\r\n\x1a\n"}},
]
TOOLS = {"tools": [{"function_declarations": [{"name": "weather", "description": "the weather"}]}]}
JSON = {"response_mime_type": "application/json"}
GENERATE, STREAM = "models.generate_content", "models.generate_content_stream"

CASES = [
    Case("generate", GENERATE, CALL, "gemini/plain"),
    Case("stream", STREAM, CALL, "gemini/stream_events", "stream"),
    Case("tools", GENERATE, CALL | {"config": TOOLS}, "gemini/plain"),
    Case("tools stream", STREAM, CALL | {"config": TOOLS}, "gemini/stream_tools", "stream"),
    Case("vision", GENERATE, CALL | {"contents": SEEN}, "gemini/plain"),
    Case("structured", GENERATE, CALL | {"config": JSON}, "gemini/plain"),
    Case("blocked", GENERATE, CALL, "gemini/plain_blocked"),
    Case("count_tokens", "models.count_tokens", CALL, "tokens"),
    Case("error in a stream", STREAM, CALL, "gemini/stream_error", "stream"),
    *[
        Case(f"error {status}", GENERATE, CALL, "models", how={"x-status": str(status)})
        for status in (400, 403, 404, 429, 500, 503)
    ],
]
