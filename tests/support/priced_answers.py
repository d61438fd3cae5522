"""The forty exchanges as their providers answer them: where each is asked, and what comes back."""

from collections.abc import Callable
from typing import Any

Line = dict[str, Any]
Usage = dict[str, int]
NAMES = {"pplx": "perplexity"}
"""Upstreams that are known by their provider's name where their address is a stand-in's."""
DIALECTS = {"anthropic": "anthropic", "mock": "anthropic", "gemini": "gemini", "cohere": "raw"}
"""Of the upstreams that do not speak OpenAI's."""


def asked(line: Line) -> str:
    """The path of the call, its upstream first."""
    upstream, usage = line["upstream"], line["usage"]
    path = "/v1/chat/completions"
    if upstream in ("anthropic", "mock"):
        path = "/v1/messages"
    elif upstream == "gemini":
        path = f"/v1beta/models/{line['model']}:generateContent"
    elif upstream == "cohere":
        path = "/v2/chat"
    elif "images" in usage:
        path = "/v1/images/generations"
    elif "audio_input_ms" in usage:
        path = "/v1/audio/transcriptions"
    elif "output" not in usage:
        path = "/v1/embeddings"
    return f"/{NAMES.get(upstream, upstream)}{path}"


def answered(line: Line) -> dict[str, Any]:
    """The response's body, by which the usage is told as that API tells it."""
    tell = _TELL.get(line["upstream"], _openai)
    return tell(line, line["usage"])


def _openai(line: Line, usage: Usage) -> dict[str, Any]:
    answer: dict[str, Any] = {"id": "a", "model": line["model"], "choices": []}
    if "service_tier" in line:
        answer["service_tier"] = line["service_tier"]
    if "audio_input_ms" in usage:
        return {"text": "hello", "duration": usage["audio_input_ms"] / 1000}
    if "images" in usage:
        answer = {"created": 1, "data": [{"url": "u"}] * usage["images"]}
        if "input" not in usage:
            return answer
    given = {
        "cached_tokens": usage.get("cache_read", 0),
        "cache_write_tokens": usage.get("cache_write", 0),
        "audio_tokens": usage.get("audio_input", 0),
        "image_tokens": usage.get("image_input", 0),
    }
    made = {
        "reasoning_tokens": usage.get("reasoning", 0),
        "audio_tokens": usage.get("audio_output", 0),
    }
    told: dict[str, Any] = {"prompt_tokens": usage["input"], "prompt_tokens_details": given}
    if "output" in usage:
        told |= {"completion_tokens": usage["output"], "completion_tokens_details": made}
    if "web_searches" in usage:
        told["server_tool_use"] = {"web_search_requests": usage["web_searches"]}
    return answer | {"usage": told}


def _anthropic(line: Line, usage: Usage) -> dict[str, Any]:
    read, written = usage.get("cache_read", 0), usage.get("cache_write", 0)
    for_an_hour = usage.get("cache_write_1h", 0)
    told = {
        "input_tokens": usage["input"] - read - written,
        "output_tokens": usage["output"],
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "cache_creation": {
            "ephemeral_5m_input_tokens": written - for_an_hour,
            "ephemeral_1h_input_tokens": for_an_hour,
        },
        "service_tier": line.get("service_tier", "standard"),
    }
    if "web_searches" in usage:
        told["server_tool_use"] = {"web_search_requests": usage["web_searches"]}
    said = [{"type": "text", "text": "hello"}]
    return {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": line["model"],
        "content": said,
        "stop_reason": "end_turn",
        "usage": told,
    }


def _gemini(line: Line, usage: Usage) -> dict[str, Any]:
    heard = usage.get("audio_input", 0)
    told: dict[str, Any] = {
        "promptTokenCount": usage["input"],
        "candidatesTokenCount": usage["output"],
        "promptTokensDetails": [
            {"modality": "TEXT", "tokenCount": usage["input"] - heard},
            {"modality": "AUDIO", "tokenCount": heard},
        ],
    }
    if "cache_read" in usage:
        told["cachedContentTokenCount"] = usage["cache_read"]
    candidate: dict[str, Any] = {
        "content": {"role": "model", "parts": [{"text": "hello"}]},
        "finishReason": "STOP",
    }
    if "web_searches" in usage:
        queries = [f"question {number}" for number in range(usage["web_searches"])]
        candidate["groundingMetadata"] = {"webSearchQueries": queries}
    return {"candidates": [candidate], "usageMetadata": told, "modelVersion": line["model"]}


def _cohere(line: Line, usage: Usage) -> dict[str, Any]:
    units = {"input_tokens": usage["input"], "output_tokens": usage["output"]}
    return {"id": "c", "model": line["model"], "meta": {"billed_units": units}}


_TELL: dict[str, Callable[[Line, Usage], dict[str, Any]]] = {
    "anthropic": _anthropic,
    "mock": _anthropic,
    "gemini": _gemini,
    "cohere": _cohere,
}
