"""What the stand-in answers beside the golden exchanges: a name -> content type and body."""

from pathlib import Path
from typing import Any

import orjson

GOLDEN = Path(__file__).parents[2] / "golden"
TYPES = {".sse": "text/event-stream; charset=utf-8", ".json": "application/json"}
CITY = '{"city": "Bern", "rivers": 1}'
CHAT: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-4o",
    "usage": {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12},
}
CALLED = {
    "role": "assistant",
    "content": None,
    "tool_calls": [
        {
            "id": "call_1",
            "type": "function",
            "function": {"name": "weather", "arguments": '{"city": "Bern"}'},
        }
    ],
}
RESPONSE: dict[str, Any] = {
    "id": "resp_1",
    "object": "response",
    "created_at": 1,
    "status": "completed",
    "model": "gpt-4o",
    "parallel_tool_calls": True,
    "tool_choice": "auto",
    "tools": [],
    "usage": {
        "input_tokens": 5,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 12,
    },
}
MESSAGE: dict[str, Any] = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-of-this-test",
    "stop_sequence": None,
    "usage": {"input_tokens": 5, "output_tokens": 7},
}
GENERATED: dict[str, Any] = {
    "modelVersion": "gemini-2.5-flash",
    "responseId": "r1",
    "usageMetadata": {"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12},
}
FILE = {
    "id": "file-1",
    "object": "file",
    "bytes": 6,
    "created_at": 1,
    "filename": "a.txt",
    "purpose": "assistants",
    "status": "processed",
}
ANTHROPIC_FILE = {
    "id": "file_1",
    "type": "file",
    "filename": "a.txt",
    "mime_type": "text/plain",
    "size_bytes": 6,
    "created_at": "2026-01-01T00:00:00Z",
    "downloadable": False,
}
GOOGLE_FILE = {
    "name": "files/a",
    "mimeType": "text/plain",
    "sizeBytes": "300000",
    "state": "ACTIVE",
}


def _chat(message: dict[str, Any], reason: str) -> dict[str, Any]:
    return {**CHAT, "choices": [{"index": 0, "finish_reason": reason, "message": message}]}


def _response(*items: dict[str, Any]) -> dict[str, Any]:
    return {**RESPONSE, "output": list(items)}


def _message(reason: str, *blocks: dict[str, Any]) -> dict[str, Any]:
    return {**MESSAGE, "stop_reason": reason, "content": list(blocks)}


def _generated(part: dict[str, Any]) -> dict[str, Any]:
    content = {"role": "model", "parts": [part]}
    return {**GENERATED, "candidates": [{"index": 0, "finishReason": "STOP", "content": content}]}


SPOKEN = {"type": "output_text", "text": CITY, "annotations": []}
DOCUMENTS: dict[str, Any] = {
    "structured": _chat({"role": "assistant", "content": CITY}, "stop"),
    "tool call": _chat(CALLED, "tool_calls"),
    "structured response": _response(
        {
            "id": "m",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [SPOKEN],
        }
    ),
    "tool call response": _response(
        {
            "id": "f",
            "type": "function_call",
            "call_id": "call_1",
            "name": "weather",
            "arguments": '{"city": "Bern"}',
            "status": "completed",
        }
    ),
    "structured message": _message("end_turn", {"type": "text", "text": CITY}),
    "tool use": _message(
        "tool_use",
        {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Bern"}},
    ),
    "structured generated": _generated({"text": CITY}),
    "function call": _generated({"functionCall": {"name": "weather", "args": {"city": "Bern"}}}),
    "file": FILE,
    "anthropic file": ANTHROPIC_FILE,
    "google file": {"file": GOOGLE_FILE},
    "models": {"object": "list", "data": []},
    "tokens": {"totalTokens": 9},
}
SPEECH = ("audio/mpeg", bytes(range(256)) * 40)


def answer_of(name: str) -> tuple[str, bytes]:
    """Content type and body."""
    if name == "speech":
        return SPEECH
    if name in DOCUMENTS:
        return "application/json", orjson.dumps(DOCUMENTS[name])
    (file,) = (GOLDEN / name).glob("response.*")
    return TYPES[file.suffix], file.read_bytes()
