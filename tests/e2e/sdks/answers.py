"""What the stand-in plays: a golden exchange by its folder's name, or an answer of its own.

Those of its own have the shapes of platform.openai.com/docs/api-reference, docs.claude.com/en/api
and ai.google.dev/api.
"""

from pathlib import Path
from typing import Any

import orjson

GOLDEN = Path(__file__).parents[2] / "golden"
JSON = "application/json"
EVENTS = "text/event-stream; charset=utf-8"
TYPES = {".sse": EVENTS, ".json": JSON}
CITY = '{"city": "Bern", "rivers": 1}'
OPENAI_USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
ANTHROPIC_USAGE = {"input_tokens": 5, "output_tokens": 7}
GEMINI_USAGE = {"promptTokenCount": 5, "candidatesTokenCount": 7, "totalTokenCount": 12}
CLAUDE = {"id": "a", "type": "model", "display_name": "A", "created_at": "2026-01-01T00:00:00Z"}
IMAGE_USAGE = {"input_tokens": 5, "output_tokens": 7, "total_tokens": 12}
FILE = {"id": "file-1", "object": "file", "bytes": 6, "created_at": 1, "filename": "a.txt"}
BATCH = {"id": "batch_1", "object": "batch", "endpoint": "/v1/chat/completions", "created_at": 1}


def chat(finish_reason: str, **message: Any) -> dict[str, Any]:
    """A chat completion."""
    choice = {"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant"}}
    choice["message"] |= message  # type: ignore[operator]
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-4o"}
    return {**head, "choices": [choice], "usage": OPENAI_USAGE}


def responses(*output: dict[str, Any]) -> dict[str, Any]:
    """A response."""
    usage = {
        "input_tokens": 5,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": 7,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": 12,
    }
    head = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-4o"}
    options = {"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    return {**head, **options, "status": "completed", "output": output, "usage": usage}


def message(stop_reason: str, *content: dict[str, Any]) -> dict[str, Any]:
    """A message of Claude's."""
    head = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5"}
    end = {"stop_reason": stop_reason, "stop_sequence": None, "usage": ANTHROPIC_USAGE}
    return {**head, "content": content, **end}


def candidate(*parts: dict[str, Any]) -> dict[str, Any]:
    """An answer of Gemini's."""
    content = {"role": "model", "parts": parts}
    candidates = [{"content": content, "finishReason": "STOP", "index": 0}]
    told = {"usageMetadata": GEMINI_USAGE, "modelVersion": "gemini-2.5-flash", "responseId": "r"}
    return {"candidates": candidates, **told}


def chunks(*deltas: dict[str, Any]) -> bytes:
    """A chat completion as a stream, its usage at its end."""
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o"}
    told: list[dict[str, Any]]
    told = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    told.append({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]})
    told.append({"choices": [], "usage": OPENAI_USAGE})
    lines = [b"data: " + orjson.dumps(head | each) for each in told]
    return b"\n\n".join([*lines, b"data: [DONE]", b""])


def message_events(*texts: str) -> bytes:
    """A message of Claude's as a stream."""
    begun = message("end_turn") | {
        "stop_reason": None,
        "usage": {**ANTHROPIC_USAGE, "output_tokens": 1},
    }
    ended = {"stop_reason": "end_turn", "stop_sequence": None}
    told: list[dict[str, Any]] = [
        {"type": "message_start", "message": begun},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        *[
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": text},
            }
            for text in texts
        ],
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": ended, "usage": {"output_tokens": 7}},
        {"type": "message_stop"},
    ]
    lines = [
        b"event: %b\ndata: %b\n\n" % (each["type"].encode(), orjson.dumps(each)) for each in told
    ]
    return b"".join(lines)


def image_event(b64_json: str) -> bytes:
    """The only event of an image that is streamed without parts."""
    told = {"type": "image_generation.completed", "b64_json": b64_json, "usage": IMAGE_USAGE}
    return b"event: %b\ndata: %b\n\n" % (b"image_generation.completed", orjson.dumps(told))


def output_text(text: str) -> dict[str, Any]:
    """A message among a response's output."""
    content = [{"type": "output_text", "text": text, "annotations": []}]
    told = {"type": "message", "id": "msg_1", "status": "completed", "role": "assistant"}
    return {**told, "content": content}


WEATHER = {"name": "weather", "arguments": '{"city": "Bern"}'}
TOOL_CALL = {"id": "call_1", "type": "function", "function": WEATHER}
TOOL_USE = {"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {"city": "Bern"}}
FUNCTION_CALL = {"functionCall": {"name": "weather", "args": {"city": "Bern"}}}
AS_JSON: dict[str, Any] = {
    "openai structured": chat("stop", content=CITY),
    "openai tools": chat("tool_calls", content=None, tool_calls=[TOOL_CALL]),
    "responses structured": responses(output_text(CITY)),
    "responses tools": responses(
        {"type": "function_call", "id": "fc_1", "call_id": "call_1", "status": "completed"}
        | WEATHER
    ),
    "anthropic structured": message("end_turn", {"type": "text", "text": CITY}),
    "anthropic tools": message("tool_use", TOOL_USE),
    "gemini structured": candidate({"text": CITY}),
    "gemini tools": candidate(FUNCTION_CALL),
    "gemini file": {"file": {"name": "files/1", "mimeType": "text/plain", "sizeBytes": "6"}},
    "gemini tokens": {"totalTokens": 9},
    "gemini embedding": {"embeddings": [{"values": [0.25, -1.5]}]},
    "openai file": FILE | {"purpose": "assistants", "status": "processed"},
    "openai batch": BATCH
    | {"input_file_id": "file-1", "status": "validating"}
    | {"completion_window": "24h"},
    "anthropic file": {"id": "file_1", "type": "file", "filename": "a.txt", "size_bytes": 6}
    | {"mime_type": "text/plain", "created_at": "2026-01-01T00:00:00Z", "downloadable": False},
    "anthropic batch": {"id": "msgbatch_1", "type": "message_batch"}
    | {"processing_status": "in_progress", "created_at": "2026-01-01T00:00:00Z"},
    "large image": {"created": 1, "data": [{"b64_json": "A" * (3 << 20)}], "usage": IMAGE_USAGE},
    "files": {"object": "list", "data": [FILE], "has_more": True},
    "last files": {"object": "list", "data": [FILE | {"id": "file-2"}], "has_more": False},
    "claude models": {"data": [CLAUDE], "has_more": True, "first_id": "a", "last_id": "a"},
    "last claude models": {"data": [CLAUDE], "has_more": False, "first_id": "b", "last_id": "b"},
    "gemini models": {"models": [{"name": "models/a"}], "nextPageToken": "b c/d"},
    "last gemini models": {"models": [{"name": "models/b"}]},
    "models": {"object": "list", "data": []},
}
OTHERS: dict[str, tuple[str, bytes]] = {
    "openai structured stream": (
        EVENTS,
        chunks({"role": "assistant", "content": ""}, {"content": CITY[:9]}, {"content": CITY[9:]}),
    ),
    "anthropic structured stream": (EVENTS, message_events(CITY[:9], CITY[9:])),
    "large image stream": (EVENTS, image_event("A" * (3 << 20))),
    "nothing": (JSON, b""),
    "speech": ("audio/mpeg", bytes(range(256)) * 400),
}


def answer_of(name: str) -> tuple[str, bytes]:
    """Content type and body."""
    if name in OTHERS:
        return OTHERS[name]
    if name in AS_JSON:
        return JSON, orjson.dumps(AS_JSON[name])
    (file,) = (GOLDEN / name).glob("response.*")
    return TYPES[file.suffix], file.read_bytes()


def recorded(name: str) -> dict[str, Any]:
    """What the record of a golden exchange says; of another one nothing is known."""
    path = GOLDEN / name / "expected.json"
    told: dict[str, Any] = orjson.loads(path.read_bytes())["record"] if path.exists() else {}
    return told
