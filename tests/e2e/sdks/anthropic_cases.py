"""Calls of the package `anthropic`."""

from typing import Any

from tests.e2e.sdks.case import Case

SAID: list[Any] = [{"role": "user", "content": "Where does the water go? 😀"}]
SEEN = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
            },
        ],
    }
]
TOOL = {"name": "weather", "input_schema": {"type": "object", "properties": {}}}
CALL: dict[str, Any] = {"model": "claude-of-this-test", "max_tokens": 64, "messages": SAID}
STREAM = CALL | {"stream": True}
CREATE = "messages.create"

CASES = [
    Case("messages", CREATE, CALL, "anthropic_messages/plain"),
    Case("stream", CREATE, STREAM, "anthropic_messages/stream_cache", "stream"),
    Case("tools", CREATE, CALL | {"tools": [TOOL]}, "anthropic_messages/plain"),
    Case(
        "tools stream",
        CREATE,
        STREAM | {"tools": [TOOL]},
        "anthropic_messages/stream_tools",
        "stream",
    ),
    Case("thinking stream", CREATE, STREAM, "anthropic_messages/stream_thinking", "stream"),
    Case("vision", CREATE, CALL | {"messages": SEEN}, "anthropic_messages/plain"),
    Case(
        "count_tokens",
        "messages.count_tokens",
        {"model": "m", "messages": SAID},
        "unbilled/plain_count_tokens",
    ),
    Case("raw", "messages.with_raw_response.create", CALL, "anthropic_messages/plain", "raw"),
    Case(
        "raw stream",
        "messages.with_streaming_response.create",
        STREAM,
        "anthropic_messages/stream_tools",
        "bytes",
    ),
    Case("error in a stream", CREATE, STREAM, "anthropic_messages/stream_error", "stream"),
    Case(
        "cut stream",
        CREATE,
        STREAM,
        "anthropic_messages/stream_tools",
        "stream",
        {"x-cut-after": "3"},
    ),
    Case("retried", CREATE, CALL, "anthropic_messages/plain", how={"x-fail-first": "2"}),
    *[
        Case(f"error {status}", CREATE, CALL, "models", how={"x-status": str(status)})
        for status in (400, 401, 403, 404, 409, 413, 422, 429, 500, 503, 529)
    ],
]
