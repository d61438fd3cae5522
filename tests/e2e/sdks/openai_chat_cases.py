"""Chat and responses of the package `openai`."""

from typing import Any

from tests.e2e.sdks.case import Case
from tests.e2e.sdks.shared_cases import City, Shared

PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
QUESTION = "Where does the water go? 😀"
SEEN = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": PNG}},
        ],
    }
]
SEEN_INPUT = [{"role": "user", "content": [{"type": "input_image", "image_url": PNG}]}]
PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
FUNCTION = {"name": "weather", "parameters": PARAMETERS, "strict": True}
TOOLS = {"tools": [{"type": "function", "function": FUNCTION}]}
INPUT_TOOLS = {"tools": [{"type": "function", **FUNCTION}]}
CHAT: dict[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": QUESTION}],
}
STREAM = CHAT | {"stream": True}
INPUT: dict[str, Any] = {"model": "gpt-4o", "input": QUESTION}
INPUT_STREAM = INPUT | {"stream": True}

LARGE_SEEN = CHAT | {
    "messages": [
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": PNG + "A" * (6 << 20)}}],
        }
    ]
}

CREATE = "chat.completions.create"
RAW = "chat.completions.with_raw_response.create"
STREAMED = "chat.completions.with_streaming_response.create"
PARSE, HELPER = "chat.completions.parse", "chat.completions.stream"
RESPOND, RESPOND_PARSE = "responses.create", "responses.parse"
RESPOND_RAW = "responses.with_raw_response.create"
RESPOND_STREAMED = "responses.with_streaming_response.create"
WITH_CITY = CHAT | {"response_format": City}
SEEN_CHAT, SEEN_STREAM = CHAT | {"messages": SEEN}, STREAM | {"messages": SEEN}
CITY_STREAM = "openai structured stream"
CITY_USED: dict[str, Any] = {"usage": (5, 7)}
FAILED: dict[str, Any] = {"raises": True, "outcome": "upstream_error"}
LEFT: dict[str, Any] = {"how": {"x-hold-after": "3"}, "reads": 2, "outcome": "client_abort"}
ERROR_SENT: dict[str, Any] = {"outcome": "upstream_error"}
REFUSED: dict[str, Any] = {"outcome": "refusal"}

CHATS = [
    Case("chat", CREATE, CHAT, "openai_chat/plain"),
    Case("chat stream", CREATE, STREAM, "openai_chat/stream_usage", "stream"),
    Case("chat stream without usage", CREATE, STREAM, "openai_chat/stream_no_usage", "stream"),
    Case("chat stream of groq", CREATE, STREAM, "openai_chat/stream_groq", "stream"),
    Case("chat stream of openrouter", CREATE, STREAM, "openai_chat/stream_openrouter", "stream"),
    Case("chat stream refused", CREATE, STREAM, "openai_chat/stream_refusal", "stream", **REFUSED),
    Case("chat tools", CREATE, CHAT | TOOLS, "openai tools", usage=(5, 7)),
    Case("chat tools parsed", PARSE, CHAT | TOOLS, "openai tools", usage=(5, 7)),
    Case("chat tools stream", CREATE, STREAM | TOOLS, "openai_chat/stream_tools", "stream"),
    Case("chat tools helper", HELPER, CHAT | TOOLS, "openai_chat/stream_tools", "helper"),
    Case("chat vision", CREATE, SEEN_CHAT, "openai_chat/plain"),
    Case("chat vision stream", CREATE, SEEN_STREAM, "openai_chat/stream_usage", "stream"),
    Case("chat large vision", CREATE, LARGE_SEEN, "openai_chat/plain"),
    Case("chat structured", PARSE, WITH_CITY, "openai structured", usage=(5, 7)),
    Case("chat structured helper", HELPER, WITH_CITY, CITY_STREAM, "helper", **CITY_USED),
    Case("chat helper", HELPER, CHAT, "openai_chat/stream_usage", "helper"),
    Case("chat helper left", HELPER, CHAT, "openai_chat/stream_usage", "helper", **LEFT),
    Case("chat raw", RAW, CHAT, "openai_chat/plain", "raw"),
    Case("chat bytes", STREAMED, CHAT, "openai_chat/plain", "bytes"),
    Case("chat stream bytes", STREAMED, STREAM, "openai_chat/stream_usage", "bytes"),
    Case("chat stream error", CREATE, STREAM, "openai_chat/stream_error", "stream", **FAILED),
    Case("chat helper error", HELPER, CHAT, "openai_chat/stream_error", "helper", **FAILED),
]
TEXT, REASONING = "openai_responses/stream_text", "openai_responses/stream_reasoning_tools"
RESPONSES = [
    Case("responses", RESPOND, INPUT, "openai_responses/plain"),
    Case("responses search", RESPOND, INPUT, "openai_responses/plain_search"),
    Case("responses stream", RESPOND, INPUT_STREAM, TEXT, "stream"),
    Case("responses tools", RESPOND, INPUT | INPUT_TOOLS, "responses tools", usage=(5, 7)),
    Case("responses tools stream", RESPOND, INPUT_STREAM | INPUT_TOOLS, REASONING, "stream"),
    Case("responses vision", RESPOND, INPUT | {"input": SEEN_INPUT}, "openai_responses/plain"),
    Case(
        "responses structured",
        RESPOND_PARSE,
        INPUT | {"text_format": City},
        "responses structured",
        usage=(5, 7),
    ),
    Case("responses helper", "responses.stream", INPUT, TEXT, "helper"),
    Case("responses helper left", "responses.stream", INPUT, TEXT, "helper", **LEFT),
    Case("responses raw", RESPOND_RAW, INPUT, "openai_responses/plain", "raw"),
    Case("responses bytes", RESPOND_STREAMED, INPUT_STREAM, TEXT, "bytes"),
    Case(
        "responses stream error",
        RESPOND,
        INPUT_STREAM,
        "openai_responses/stream_error",
        "stream",
        **ERROR_SENT,
    ),
    Case(
        "responses stream failed",
        RESPOND,
        INPUT_STREAM,
        "openai_responses/stream_failed",
        "stream",
        **ERROR_SENT,
    ),
    Case(
        "responses stream incomplete",
        RESPOND,
        INPUT_STREAM,
        "openai_responses/stream_incomplete",
        "stream",
    ),
]
SHARED = Shared(
    plain=CHATS[0],
    stream=CHATS[1],
    hurried={"timeout": 2.0, "max_retries": 0},
    stubborn={"max_retries": 2},
    resigned={"max_retries": 0},
    retries=(408, 409, 429, 500, 503, 529),
)
CASES = [*CHATS, *RESPONSES, *SHARED.cases(), *SHARED.waits()]
