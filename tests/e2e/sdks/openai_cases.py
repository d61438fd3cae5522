"""Calls of the package `openai`."""

from functools import partial
from typing import Any

from pydantic import BaseModel

from tests.e2e.sdks.case import Case
from tests.e2e.sdks.clients import OPENAI

PNG = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
SAID: list[Any] = [{"role": "user", "content": "Where does the water go? 😀"}]
SEEN = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is this?"},
            {"type": "image_url", "image_url": {"url": PNG}},
        ],
    }
]
WEATHER = {"name": "weather", "parameters": {"type": "object", "properties": {}}}
TOOLS = {"tools": [{"type": "function", "function": WEATHER}]}
FLAT_TOOLS = {"tools": [{"type": "function", **WEATHER}]}
CHAT: dict[str, Any] = {"model": "gpt-4o", "messages": SAID}
STREAM = CHAT | {"stream": True}
ASKED: dict[str, Any] = {"model": "m", "input": "a"}
CREATE, RESPOND = "chat.completions.create", "responses.create"
WAV = ("a.wav", b"RIFF" + bytes(5000))


class City(BaseModel):
    """What a structured answer is parsed into."""

    city: str
    rivers: int


case = partial(Case, OPENAI)
USAGE = "openai_chat/stream_usage"
CHATS = [
    case("chat", CREATE, CHAT, "openai_chat/plain"),
    case("chat stream", CREATE, STREAM, USAGE, "stream"),
    case("tool call", CREATE, CHAT | TOOLS, "tool call"),
    case("tool call stream", CREATE, STREAM | TOOLS, "openai_chat/stream_tools", "stream"),
    case("vision", CREATE, CHAT | {"messages": SEEN}, "openai_chat/plain"),
    case("structured", "chat.completions.parse", CHAT | {"response_format": City}, "structured"),
    case("raw", "chat.completions.with_raw_response.create", CHAT, "openai_chat/plain", "raw"),
    case(
        "raw stream",
        "chat.completions.with_streaming_response.create",
        STREAM,
        USAGE,
        "bytes",
    ),
    case(
        "stream helper",
        "chat.completions.stream",
        CHAT,
        USAGE,
        "helper",
        final="get_final_completion",
    ),
    case(
        "completions",
        "completions.create",
        {"model": "m", "prompt": "a"},
        "openai_completions/plain",
    ),
    case(
        "completions stream",
        "completions.create",
        {"model": "m", "prompt": "a", "stream": True},
        "openai_completions/stream",
        "stream",
    ),
]
RESPONSES = [
    case("responses", RESPOND, ASKED, "openai_responses/plain_search"),
    case("responses tool call", RESPOND, ASKED | FLAT_TOOLS, "tool call response"),
    case(
        "responses stream",
        RESPOND,
        ASKED | {"stream": True},
        "openai_responses/stream_reasoning_tools",
        "stream",
    ),
    case(
        "responses structured",
        "responses.parse",
        ASKED | {"text_format": City},
        "structured response",
    ),
    case(
        "responses stream helper",
        "responses.stream",
        ASKED,
        "openai_responses/stream_text",
        "helper",
        final="get_final_response",
    ),
]
MEDIA = [
    case(
        "embeddings",
        "embeddings.create",
        {"model": "m", "input": ["a", "b"]},
        "openai_embeddings/plain_base64",
    ),
    case("images", "images.generate", {"model": "m", "prompt": "a"}, "openai_images/plain_tokens"),
    case(
        "image edit",
        "images.edit",
        {"model": "m", "prompt": "a", "image": ("a.png", b"\x89PNG\r\n\x1a\n" * 900, "image/png")},
        "openai_images/plain_tokens",
    ),
    case(
        "image stream",
        "images.generate",
        {"model": "m", "prompt": "a", "stream": True},
        "openai_images/stream",
        "stream",
    ),
    case(
        "transcription",
        "audio.transcriptions.create",
        {"model": "whisper-1", "file": WAV},
        "openai_audio/plain_duration",
    ),
    case(
        "transcription stream",
        "audio.transcriptions.create",
        {"model": "gpt-4o-transcribe", "file": WAV, "stream": True},
        "openai_audio/stream",
        "stream",
    ),
    case(
        "speech",
        "audio.speech.with_streaming_response.create",
        {"model": "tts-1", "voice": "alloy", "input": "a"},
        "speech",
        "bytes",
    ),
    case(
        "file upload",
        "files.create",
        {"file": ("a.txt", b"hello\n" * 50_000), "purpose": "assistants"},
        "file",
    ),
    case("file download", "files.with_raw_response.content", {"file_id": "f"}, "speech", "raw"),
    case("models", "models.list", {}, "models"),
]
FAILURES = [
    case(
        "error in a stream",
        CREATE,
        STREAM,
        "openai_chat/stream_error",
        "stream",
        ends="upstream_error",
        raises=True,
    ),
    case(
        "cut stream",
        CREATE,
        STREAM,
        USAGE,
        "stream",
        {"x-cut-after": "2"},
        ends="upstream_error",
        raises=True,
    ),
    *[
        case(
            f"error {status}",
            CREATE,
            CHAT,
            "models",
            how={"x-status": str(status)},
            ends="upstream_error",
            raises=True,
        )
        for status in (400, 401, 403, 404, 409, 422, 429, 500, 503, 529)
    ],
]
CASES = [*CHATS, *RESPONSES, *MEDIA, *FAILURES]
