"""Calls of the package `openai`."""

from typing import Any

from pydantic import BaseModel

from tests.e2e.sdks.case import Case

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
TOOL = {
    "type": "function",
    "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}},
}
CHAT: dict[str, Any] = {"model": "gpt-4o", "messages": SAID}
STREAM = CHAT | {"stream": True}
CREATE = "chat.completions.create"


class City(BaseModel):
    """What a structured answer is parsed into."""

    city: str
    rivers: int


ERRORS = [
    Case(f"error {status}", CREATE, CHAT, "models", how={"x-status": str(status)})
    for status in (400, 401, 403, 404, 409, 422, 429, 500, 503)
]
CASES = [
    Case("chat", CREATE, CHAT, "openai_chat/plain"),
    Case("chat stream", CREATE, STREAM, "openai_chat/stream_usage", "stream"),
    Case("tools", CREATE, CHAT | {"tools": [TOOL]}, "openai_chat/plain"),
    Case("tools stream", CREATE, STREAM | {"tools": [TOOL]}, "openai_chat/stream_tools", "stream"),
    Case("vision", CREATE, CHAT | {"messages": SEEN}, "openai_chat/plain"),
    Case("structured", "chat.completions.parse", CHAT | {"response_format": City}, "structured"),
    Case("raw", "chat.completions.with_raw_response.create", CHAT, "openai_chat/plain", "raw"),
    Case(
        "raw stream",
        "chat.completions.with_streaming_response.create",
        STREAM,
        "openai_chat/stream_usage",
        "bytes",
    ),
    Case("error in a stream", CREATE, STREAM, "openai_chat/stream_error", "stream"),
    Case("cut stream", CREATE, STREAM, "openai_chat/stream_usage", "stream", {"x-cut-after": "2"}),
    Case(
        "completions",
        "completions.create",
        {"model": "m", "prompt": "a"},
        "openai_completions/plain",
    ),
    Case(
        "responses",
        "responses.create",
        {"model": "m", "input": "a"},
        "openai_responses/plain_search",
    ),
    Case(
        "responses stream",
        "responses.create",
        {"model": "m", "input": "a", "stream": True},
        "openai_responses/stream_reasoning_tools",
        "stream",
    ),
    Case(
        "embeddings",
        "embeddings.create",
        {"model": "m", "input": ["a", "b"]},
        "openai_embeddings/plain_base64",
    ),
    Case("images", "images.generate", {"model": "m", "prompt": "a"}, "openai_images/plain_tokens"),
    Case(
        "transcription",
        "audio.transcriptions.create",
        {"model": "whisper-1", "file": ("a.wav", b"RIFF" + bytes(5000))},
        "openai_audio/plain_duration",
    ),
    Case(
        "speech",
        "audio.speech.with_streaming_response.create",
        {"model": "tts-1", "voice": "alloy", "input": "a"},
        "speech",
        "bytes",
    ),
    Case(
        "file upload",
        "files.create",
        {"file": ("a.txt", b"hello\n" * 50_000), "purpose": "assistants"},
        "file",
    ),
    Case("models", "models.list", {}, "models"),
    Case("retried", CREATE, CHAT, "openai_chat/plain", how={"x-fail-first": "2"}),
    *ERRORS,
]
