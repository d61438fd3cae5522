"""Calls of the package `google-genai`."""

import io
from typing import Any

from tests.e2e.sdks.case import Case
from tests.e2e.sdks.shared_cases import City, Shared

CALL: dict[str, Any] = {"model": "gemini-2.5-flash", "contents": "Where does the water go? 😀"}
IMAGE = {"inline_data": {"mime_type": "image/png", "data": b"\x89PNG\r\n\x1a\n"}}
SEEN = CALL | {"contents": [{"text": "What is this?"}, IMAGE]}
PARAMETERS = {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}
DECLARED = {"name": "weather", "description": "the weather", "parameters": PARAMETERS}
TOOLS = CALL | {"config": {"tools": [{"function_declarations": [DECLARED]}]}}
SCHEMA = {"response_mime_type": "application/json", "response_schema": City}
WITH_CITY = CALL | {"config": SCHEMA}
RAW = CALL | {"config": {"should_return_http_response": True}}
EMBEDDED = {"model": "gemini-embedding-001", "contents": "a"}
GENERATE, STREAM = "models.generate_content", "models.generate_content_stream"
PLAIN, EVENTS = "gemini/plain", "gemini/stream_events"
FAILED: dict[str, Any] = {"raises": True, "outcome": "upstream_error"}
STUBBORN = {"attempts": 3, "initial_delay": 0.05, "max_delay": 0.1, "jitter": 0.01}


PASSED: dict[str, Any] = {"earlier": "completed"}
"""More than one request, and none of them fails."""


LISTED = {"config": {"page_size": 1, "query_base": True}}
NEXT = {"x-next": "last gemini models"}
PAGES: dict[str, Any] = {"attempts": 2, **PASSED}


def weather(city: str) -> str:
    """What it is like in a city; the package calls it when it is asked to."""
    return f"wet in {city}"


CALLED = CALL | {
    "config": {"tools": [weather], "automatic_function_calling": {"maximum_remote_calls": 2}}
}


def uploaded(size: int = 300_000) -> dict[str, Any]:
    """A file that can be read once."""
    return {"file": io.BytesIO(bytes(size)), "config": {"mime_type": "text/plain"}}


def uploaded_large() -> dict[str, Any]:
    """One that goes up in two parts, which are of 8 MiB at most."""
    return uploaded(9 << 20)


CALLS = [
    Case("generate", GENERATE, CALL, PLAIN),
    Case("stream", STREAM, CALL, EVENTS, "stream"),
    Case("tools", GENERATE, TOOLS, "gemini tools", usage=(5, 7)),
    Case("tools stream", STREAM, TOOLS, "gemini/stream_tools", "stream"),
    Case("vision", GENERATE, SEEN, PLAIN),
    Case("vision stream", STREAM, SEEN, EVENTS, "stream"),
    Case("structured", GENERATE, WITH_CITY, "gemini structured", usage=(5, 7)),
    Case("raw", GENERATE, RAW, PLAIN),
    Case("grounded", GENERATE, CALL, "gemini/plain_grounded"),
    Case("modalities", GENERATE, CALL, "gemini/plain_modalities"),
    Case("blocked", GENERATE, CALL, "gemini/plain_blocked", outcome="refusal"),
    Case("stream error", STREAM, CALL, "gemini/stream_error", "stream", **FAILED),
    Case("count_tokens", "models.count_tokens", CALL, "gemini tokens"),
    Case("embeddings", "models.embed_content", EMBEDDED, "gemini embedding"),
    Case("tools called", GENERATE, CALLED, "gemini tools", attempts=2, **PASSED),
    Case("file upload", "files.upload", uploaded, "gemini file", attempts=2, **PASSED),
    Case("large upload", "files.upload", uploaded_large, "gemini file", attempts=3, **PASSED),
    Case("models by pages", "models.list", LISTED, "gemini models", "stream", NEXT, **PAGES),
    Case("file", "files.get", {"name": "files/1"}, "gemini file"),
]
SHARED = Shared(
    plain=CALLS[0],
    stream=CALLS[1],
    hurried={"timeout": 2000},
    stubborn={"retry_options": STUBBORN},
    resigned={},
    retries=(408, 429, 500, 502, 503, 504),
    wait_s=STUBBORN["initial_delay"],
)
CASES = [*CALLS, *SHARED.cases()]
