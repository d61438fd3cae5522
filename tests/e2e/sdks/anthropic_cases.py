"""Calls of the package `anthropic`."""

from typing import Any

from tests.e2e.sdks.case import Case
from tests.e2e.sdks.shared_cases import City, Shared

IMAGE = {
    "type": "image",
    "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
}
SEEN = [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, IMAGE]}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOLS = {"tools": [{"name": "weather", "input_schema": SCHEMA}]}
CALL: dict[str, Any] = {
    "model": "claude-haiku-4-5",
    "max_tokens": 64,
    "messages": [{"role": "user", "content": "Where does the water go? 😀"}],
}
STREAM = CALL | {"stream": True}
COUNTED = {name: CALL[name] for name in ("model", "messages")}
FILE = {"file": ("a.txt", b"hello\n" * 50_000, "text/plain")}
CREATE, HELPER = "messages.create", "messages.stream"
BATCH = {"requests": [{"custom_id": "a", "params": CALL}]}
DOWNLOAD = "beta.files.with_streaming_response.download"
CITY_STREAM = "anthropic structured stream"
RAW, STREAMED = "messages.with_raw_response.create", "messages.with_streaming_response.create"
PLAIN, CACHE = "anthropic_messages/plain", "anthropic_messages/stream_cache"
TOOL_STREAM, THINKING = "anthropic_messages/stream_tools", "anthropic_messages/stream_thinking"
ERROR, SEARCH = "anthropic_messages/stream_error", "anthropic_messages/stream_search"
REFUSAL = "anthropic_messages/stream_refusal"
PAGES: dict[str, Any] = {
    "how": {"x-next": "last claude models"},
    "attempts": 2,
    "earlier": "completed",
}
LEFT: dict[str, Any] = {"how": {"x-hold-after": "3"}, "reads": 2, "outcome": "client_abort"}
FAILED: dict[str, Any] = {"raises": True, "outcome": "upstream_error"}
WITH_CITY = CALL | {"output_format": City}

CALLS = [
    Case("messages", CREATE, CALL, PLAIN),
    Case("messages stream", CREATE, STREAM, CACHE, "stream"),
    Case("helper", HELPER, CALL, CACHE, "helper"),
    Case("helper left", HELPER, CALL, CACHE, "helper", **LEFT),
    Case("tools", CREATE, CALL | TOOLS, "anthropic tools", usage=(5, 7)),
    Case("tools stream", CREATE, STREAM | TOOLS, TOOL_STREAM, "stream"),
    Case("tools helper", HELPER, CALL | TOOLS, TOOL_STREAM, "helper"),
    Case("thinking stream", CREATE, STREAM, THINKING, "stream"),
    Case("thinking helper", HELPER, CALL, THINKING, "helper"),
    Case("search stream", CREATE, STREAM, SEARCH, "stream"),
    Case("refused stream", CREATE, STREAM, REFUSAL, "stream", outcome="refusal"),
    Case("vision", CREATE, CALL | {"messages": SEEN}, PLAIN),
    Case("vision stream", CREATE, STREAM | {"messages": SEEN}, CACHE, "stream"),
    Case("structured", "messages.parse", WITH_CITY, "anthropic structured", usage=(5, 7)),
    Case("structured helper", HELPER, WITH_CITY, CITY_STREAM, "helper", usage=(5, 7)),
    Case("raw", RAW, CALL, PLAIN, "raw"),
    Case("bytes", STREAMED, CALL, PLAIN, "bytes"),
    Case("stream bytes", STREAMED, STREAM, TOOL_STREAM, "bytes"),
    Case("stream error", CREATE, STREAM, ERROR, "stream", **FAILED),
    Case("helper error", HELPER, CALL, ERROR, "helper", **FAILED),
    Case("beta messages", "beta.messages.create", CALL, PLAIN),
    Case("count_tokens", "messages.count_tokens", COUNTED, "unbilled/plain_count_tokens"),
    Case("file sent", "beta.files.upload", FILE, "anthropic file"),
    Case("file got", DOWNLOAD, {"file_id": "file_1"}, "speech", "bytes"),
    Case("batch", "messages.batches.create", BATCH, "anthropic batch"),
    Case("models by pages", "models.list", {"limit": 1}, "claude models", "stream", **PAGES),
    Case("models", "models.list", {}, "models"),
]
SHARED = Shared(
    plain=CALLS[0],
    stream=CALLS[1],
    hurried={"timeout": 2.0, "max_retries": 0},
    stubborn={"max_retries": 2},
    resigned={"max_retries": 0},
    retries=(408, 409, 429, 500, 503, 529),
)
CASES = [*CALLS, *SHARED.cases(), *SHARED.waits()]
