"""Calls of the package `anthropic`."""

from functools import partial
from typing import Any

from pydantic import BaseModel

from tests.e2e.sdks.case import Case
from tests.e2e.sdks.clients import ANTHROPIC

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
TOOLS = {"tools": [{"name": "weather", "input_schema": {"type": "object", "properties": {}}}]}
CALL: dict[str, Any] = {"model": "claude-of-this-test", "max_tokens": 64, "messages": SAID}
STREAM = CALL | {"stream": True}
CREATE = "messages.create"


class City(BaseModel):
    """What a structured answer is parsed into."""

    city: str
    rivers: int


case = partial(Case, ANTHROPIC)
CASES = [
    case("messages", CREATE, CALL, "anthropic_messages/plain"),
    case("stream", CREATE, STREAM, "anthropic_messages/stream_cache", "stream"),
    case("tool use", CREATE, CALL | TOOLS, "tool use"),
    case("tool use stream", CREATE, STREAM | TOOLS, "anthropic_messages/stream_tools", "stream"),
    case("thinking stream", CREATE, STREAM, "anthropic_messages/stream_thinking", "stream"),
    case("vision", CREATE, CALL | {"messages": SEEN}, "anthropic_messages/plain"),
    case("structured", "messages.parse", CALL | {"output_format": City}, "structured message"),
    case(
        "stream helper",
        "messages.stream",
        CALL | TOOLS,
        "anthropic_messages/stream_tools",
        "helper",
        final="get_final_message",
    ),
    case(
        "count_tokens",
        "messages.count_tokens",
        {"model": "m", "messages": SAID},
        "unbilled/plain_count_tokens",
    ),
    case("raw", "messages.with_raw_response.create", CALL, "anthropic_messages/plain", "raw"),
    case(
        "raw stream",
        "messages.with_streaming_response.create",
        STREAM,
        "anthropic_messages/stream_tools",
        "bytes",
    ),
    case(
        "file upload",
        "beta.files.upload",
        {"file": ("a.txt", b"hello\n" * 50_000, "text/plain")},
        "anthropic file",
    ),
    case(
        "error in a stream",
        CREATE,
        STREAM,
        "anthropic_messages/stream_error",
        "stream",
        ends="upstream_error",
        raises=True,
    ),
    case(
        "cut stream",
        CREATE,
        STREAM,
        "anthropic_messages/stream_tools",
        "stream",
        {"x-cut-after": "3"},
        ends="upstream_error",
        raises=True,
    ),
    *[
        case(
            f"error {status}",
            CREATE,
            CALL,
            "models",
            how={"x-status": str(status)},
            ends="upstream_error",
            raises=True,
        )
        for status in (400, 401, 403, 404, 409, 413, 422, 429, 500, 503, 529)
    ],
]
