"""OpenAI's chat completions and models as the mock speaks them."""

from typing import Any

import orjson

from proxy.mock.prose import Prose, compose
from proxy.mock.script import Script

MODELS = ("gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini", "o4-mini")
MODELS_CREATED_S = 1_715_367_049
DONE = b"data: [DONE]\n\n"
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    404: "invalid_request_error",
    429: "rate_limit_error",
}


def read(body: bytes, script: Script) -> tuple[dict[str, Any], Prose]:
    """The request and the answer to it. Raises: ValueError with what is wrong."""
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as exc:
        raise ValueError("We could not parse the JSON body of your request.") from exc
    if not isinstance(request, dict) or not isinstance(request.get("model"), str):
        raise ValueError("you must provide a model parameter")
    if not isinstance(request.get("messages"), list):
        raise ValueError("Missing required parameter: 'messages'.")
    most = request.get("max_completion_tokens", request.get("max_tokens"))
    return request, compose(body, request["messages"], script.chunks, most)


def answer(request: dict[str, Any], prose: Prose) -> bytes:
    """A chat completion."""
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": prose.text, "refusal": None},
        "logprobs": None,
        "finish_reason": finish_reason(prose),
    }
    return orjson.dumps(
        _envelope(request, prose, "chat.completion") | {"choices": [choice], "usage": usage(prose)}
    )


def opening(request: dict[str, Any], prose: Prose) -> list[bytes]:
    """The events before the first word."""
    return [_chunk(request, prose, {"role": "assistant", "content": "", "refusal": None})]


def word(request: dict[str, Any], prose: Prose, index: int) -> bytes:
    """The event of one word."""
    return _chunk(request, prose, {"content": prose.words[index]})


def closing(request: dict[str, Any], prose: Prose) -> list[bytes]:
    """The events after the last word; usage among them only where it was asked for."""
    events = [_chunk(request, prose, {}, finish_reason(prose))]
    if includes_usage(request):
        last = _envelope(request, prose, "chat.completion.chunk")
        events.append(_event(last | {"choices": [], "usage": usage(prose)}))
    return [*events, DONE]


def error(status: int, message: str) -> bytes:
    """An error body."""
    kind = ERROR_TYPES.get(status, "server_error")
    code = "rate_limit_exceeded" if status == 429 else None
    return orjson.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})


def error_event(message: str) -> bytes:
    """An error in the middle of a stream."""
    return b"data: " + error(500, message) + b"\n\n"


def models() -> bytes:
    """The list of models."""
    return orjson.dumps({"object": "list", "data": [_model(name) for name in MODELS]})


def model(name: str) -> bytes | None:
    """One model, or None."""
    return orjson.dumps(_model(name)) if name in MODELS else None


def headers(prose: Prose | None) -> dict[str, str]:
    """What the provider says in headers: its request id and rate limits."""
    seed = prose.seed if prose else "0" * 32
    return {
        "x-request-id": f"req_{seed[:32]}",
        "openai-organization": "mock",
        "openai-version": "2020-10-01",
        "openai-processing-ms": "1",
        "x-ratelimit-limit-requests": "10000",
        "x-ratelimit-limit-tokens": "2000000",
        "x-ratelimit-remaining-requests": "9999",
        "x-ratelimit-remaining-tokens": "1999000",
        "x-ratelimit-reset-requests": "6ms",
        "x-ratelimit-reset-tokens": "30ms",
    }


def usage(prose: Prose) -> dict[str, Any]:
    """Token counts."""
    return {
        "prompt_tokens": prose.prompt_tokens,
        "completion_tokens": prose.output_tokens,
        "total_tokens": prose.prompt_tokens + prose.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
    }


def includes_usage(request: dict[str, Any]) -> bool:
    """Whether a stream was asked to report its usage."""
    options = request.get("stream_options")
    return isinstance(options, dict) and options.get("include_usage") is True


def finish_reason(prose: Prose) -> str:
    """`length` where the answer was cut short."""
    return "length" if prose.cut_short else "stop"


def _envelope(request: dict[str, Any], prose: Prose, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{prose.seed[:29]}",
        "object": kind,
        "created": prose.created_s,
        "model": request["model"],
        "service_tier": "default",
        "system_fingerprint": "fp_mock",
    }


def _chunk(
    request: dict[str, Any], prose: Prose, delta: dict[str, Any], finish: str | None = None
) -> bytes:
    choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
    chunk = _envelope(request, prose, "chat.completion.chunk") | {"choices": [choice]}
    if includes_usage(request):
        chunk["usage"] = None
    return _event(chunk)


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"


def _model(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": MODELS_CREATED_S, "owned_by": "mock"}
