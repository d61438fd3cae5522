"""Anthropic's messages as the mock speaks them."""

from typing import Any

import orjson

from proxy.mock.prose import Prose, compose
from proxy.mock.script import Script

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def read(body: bytes, script: Script) -> tuple[dict[str, Any], Prose]:
    """The request and the answer to it. Raises: ValueError with what is wrong."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise ValueError("The request body is not valid JSON") from exc
    if not isinstance(request, dict) or not isinstance(request.get("model"), str):
        raise ValueError("model: Field required")
    if not isinstance(request.get("messages"), list):
        raise ValueError("messages: Field required")
    prompt = [request["messages"], request.get("system")]
    return request, compose(body, prompt, script.chunks, request.get("max_tokens"))


def answer(request: dict[str, Any], prose: Prose) -> bytes:
    """A message."""
    content = [{"type": "text", "text": prose.text}]
    finished = {"content": content, "stop_reason": stop_reason(prose)}
    return orjson.dumps(_message(request, prose) | finished | {"usage": usage(prose)})


def opening(request: dict[str, Any], prose: Prose) -> list[bytes]:
    """The events before the first word; the prompt's tokens are reported here."""
    message = _message(request, prose) | {"usage": usage(prose) | {"output_tokens": 1}}
    block = {"type": "text", "text": ""}
    return [
        _event("message_start", {"message": message}),
        _event("content_block_start", {"index": 0, "content_block": block}),
        _event("ping", {}),
    ]


def word(request: dict[str, Any], prose: Prose, index: int) -> bytes:
    """The event of one word."""
    delta = {"type": "text_delta", "text": prose.words[index]}
    return _event("content_block_delta", {"index": 0, "delta": delta})


def closing(request: dict[str, Any], prose: Prose) -> list[bytes]:
    """The events after the last word; the answer's tokens are reported here."""
    delta = {"stop_reason": stop_reason(prose), "stop_sequence": None}
    tokens = {"output_tokens": prose.output_tokens}
    return [
        _event("content_block_stop", {"index": 0}),
        _event("message_delta", {"delta": delta, "usage": tokens}),
        _event("message_stop", {}),
    ]


def error(status: int, message: str) -> bytes:
    """An error body."""
    return orjson.dumps({"type": "error", "error": _error(status, message)})


def error_event(message: str) -> bytes:
    """An error in the middle of a stream."""
    return _event("error", {"error": _error(529, message)})


def tokens(body: bytes) -> bytes:
    """The answer to `count_tokens`. Raises: ValueError with what is wrong."""
    _, prose = read(body, Script())
    return orjson.dumps({"input_tokens": prose.prompt_tokens})


def headers(prose: Prose | None) -> dict[str, str]:
    """What the provider says in headers: its request id and rate limits."""
    seed = prose.seed if prose else "0" * 32
    return {
        "request-id": f"req_{seed[:24]}",
        "anthropic-organization-id": "00000000-0000-0000-0000-000000000000",
        "anthropic-ratelimit-requests-limit": "4000",
        "anthropic-ratelimit-requests-remaining": "3999",
        "anthropic-ratelimit-requests-reset": "2026-01-01T00:00:00Z",
        "anthropic-ratelimit-tokens-limit": "400000",
        "anthropic-ratelimit-tokens-remaining": "399000",
        "anthropic-ratelimit-tokens-reset": "2026-01-01T00:00:00Z",
    }


def usage(prose: Prose) -> dict[str, Any]:
    """Token counts."""
    return {
        "input_tokens": prose.prompt_tokens,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "output_tokens": prose.output_tokens,
        "service_tier": "standard",
    }


def stop_reason(prose: Prose) -> str:
    """`max_tokens` where the answer was cut short."""
    return "max_tokens" if prose.cut_short else "end_turn"


def _message(request: dict[str, Any], prose: Prose) -> dict[str, Any]:
    return {
        "id": f"msg_{prose.seed[:24]}",
        "type": "message",
        "role": "assistant",
        "model": request["model"],
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _error(status: int, message: str) -> dict[str, str]:
    return {"type": ERROR_TYPES.get(status, "api_error"), "message": message}


def _event(kind: str, data: dict[str, Any]) -> bytes:
    return f"event: {kind}\ndata: ".encode() + orjson.dumps({"type": kind} | data) + b"\n\n"
