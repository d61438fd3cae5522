"""Answers that are reduced before they are read say what they would say if they were small."""

import json
from typing import Any

import pytest

from proxy.capture.capture import Capture
from proxy.capture.json_body import WHOLE_BYTES
from proxy.exchange import Finished
from tests.support.captures import CALLS, LIMITS, call_meta, ended

STEP_BYTES = 16 << 10
NUMBERS = [0.0123456789] * 10_000
"""More than is kept anywhere."""
TOKENS = [{"token": "x", "logprob": -0.1, "bytes": [120], "top_logprobs": []}] * 2000
PAGES = [{"web": {"uri": "https://example.com/" + "A" * 180, "title": "t"}}] * 60
PASSAGES = [{"segment": {"text": "a passage " * 20}, "chunkIndices": [at % 7]} for at in range(200)]
GEMINI_USAGE = {
    "promptTokenCount": 10,
    "candidatesTokenCount": 2000,
    "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 3}],
}
OPENAI_USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 20,
}


def gemini(**of_candidate: Any) -> dict[str, Any]:
    content = {"parts": [{"text": "t"}], "role": "model"}
    candidate = {"content": content, "finishReason": "STOP", "index": 0} | of_candidate
    return {"candidates": [candidate], "usageMetadata": GEMINI_USAGE, "modelVersion": "gemini-3"}


def grounded(pages: list[Any], passages: list[Any], queries: int = 20) -> dict[str, Any]:
    asked = [f"what is there to be known of the number {at}" for at in range(queries)]
    return {
        "groundingMetadata": {
            "searchEntryPoint": {"renderedContent": "<div> </div>" * len(pages) * 9},
            "groundingChunks": pages,
            "groundingSupports": passages,
            "webSearchQueries": asked,
        }
    }


def calling(arguments: Any) -> dict[str, Any]:
    return {"content": {"parts": [{"functionCall": {"name": "f", "args": arguments}}]}}


def chat(tokens: list[Any], results: list[Any]) -> dict[str, Any]:
    choice = {
        "index": 0,
        "message": {"role": "assistant", "content": "t", "annotations": results},
        "logprobs": {"content": tokens, "refusal": None},
        "content_filter_results": {"hate": {"filtered": True, "details": results}},
        "finish_reason": "content_filter",
    }
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    return {"id": "c", "model": "m", "choices": [choice], "usage": usage}


def responses(sources: int, searches: int = 100, **fields: Any) -> dict[str, Any]:
    found = [{"type": "url", "url": f"https://example.com/{at}/page"} for at in range(sources)]
    calls = [
        {"type": "web_search_call", "id": f"ws_{at}", "action": {"type": kind, "sources": found}}
        for at in range(searches)
        for kind in ("search", "open_page")
    ]
    said = {
        "type": "message",
        "content": [{"type": "refusal", "refusal": "no", "logprobs": TOKENS}],
    }
    output = [said, *calls]
    return {"status": "completed", "model": "m", "output": output, "usage": OPENAI_USAGE} | fields


def anthropic(results: list[Any]) -> dict[str, Any]:
    content = [{"type": "web_search_tool_result", "content": results}] * 5
    counts = {"input_tokens": 1, "output_tokens": 2, "server_tool_use": {"web_search_requests": 5}}
    return {"type": "message", "content": content, "stop_reason": "refusal", "usage": counts}


def read(dialect: str, content_type: str, data: bytes) -> Finished:
    family, path = CALLS[dialect]
    capture = Capture(call_meta(path=path), LIMITS, family)
    capture.feed_request(b'{"model": "m", "input": "hi"}')
    capture.response_started(200, content_type, "", None, 100.5)
    for at in range(0, len(data), STEP_BYTES):
        capture.feed_response([data[at : at + STEP_BYTES]], [101.0])
    return ended(capture)


def events(*bodies: dict[str, Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(body).encode() + b"\n\n" for body in bodies)


def said(finished: Finished) -> tuple[Any, ...]:
    record = finished.record
    return record.outcome, record.finish_reason, record.error, record.usage, finished.notes


ANSWERS = {
    "gemini-grounded": ("gemini", gemini(**grounded([], [])), gemini(**grounded(PAGES, PASSAGES))),
    "gemini-logprobs": ("gemini", gemini(), gemini(logprobsResult={"topCandidates": TOKENS})),
    "gemini-call": ("gemini", gemini(**calling({})), gemini(**calling({"a": {"b": NUMBERS}}))),
    "gemini-parts": ("gemini", gemini(), gemini(content={"parts": [{"text": "t" * 99}] * 999})),
    "chat-logprobs": ("openai_chat", chat([], []), chat(TOKENS, [])),
    "chat-annotations": ("openai_chat", chat([], []), chat([], TOKENS)),
    "anthropic-results": ("anthropic_messages", anthropic([]), anthropic(PAGES * 9)),
    "ollama-context": (
        "ollama",
        {"model": "m", "done": True, "done_reason": "stop", "eval_count": 2},
        {"context": NUMBERS, "model": "m", "done": True, "done_reason": "stop", "eval_count": 2},
    ),
    "images": (
        "openai_images",
        {"data": [{"b64_json": "QQ=="}] * 10, "usage": {"input_tokens": 1, "output_tokens": 2}},
        {
            "data": [{"b64_json": "QQ==" * 9000, "revised_prompt": "a word " * 500}] * 10,
            "usage": {"input_tokens": 1, "output_tokens": 2},
        },
    ),
    "audio": (
        "openai_audio",
        {"words": [], "segments": [], "duration": 7.5},
        {"words": TOKENS, "segments": PASSAGES, "duration": 7.5},
    ),
    "embeddings": (
        "openai_embeddings",
        {"data": [], "model": "m", "usage": {"prompt_tokens": 3}},
        {"data": [{"embedding": NUMBERS}] * 99, "model": "m", "usage": {"prompt_tokens": 3}},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("dialect", "small", "large"), ANSWERS.values(), ids=ANSWERS)
def test_a_large_document_says_what_a_small_one_does(
    dialect: str, small: dict[str, Any], large: dict[str, Any]
) -> None:
    written = json.dumps(large).encode()
    assert len(written) > WHOLE_BYTES
    expected = said(read(dialect, "application/json", json.dumps(small).encode()))
    assert expected[3] is not None
    assert said(read(dialect, "application/json", written)) == expected
    indented = json.dumps(large, indent=2).encode()
    assert said(read(dialect, "application/json", indented)) == expected


@pytest.mark.parametrize("name", [name for name in ANSWERS if name.startswith(("gem", "chat"))])
def test_a_large_event_ends_its_stream_as_a_small_one_does(name: str) -> None:
    dialect, small, large = ANSWERS[name]
    expected = said(read(dialect, "text/event-stream", events(small)))
    assert expected[0] in ("completed", "refusal")
    assert said(read(dialect, "text/event-stream", events(large))) == expected


@pytest.mark.parametrize("sources", [0, 3])
def test_searches_of_a_large_response_are_counted(sources: int) -> None:
    written = json.dumps(responses(sources)).encode()
    assert len(written) > WHOLE_BYTES
    record = read("openai_responses", "application/json", written).record
    assert record.usage is not None
    assert record.usage.model_dump(exclude_defaults=True) == {
        "input": 10,
        "output": 20,
        "cache_read": 4,
        "web_searches": 100,
    }
    assert record.outcome == "refusal"


@pytest.mark.parametrize("searches", [3, 100, 1000])
def test_searches_that_were_told_one_by_one_are_known_at_the_end(searches: int) -> None:
    whole = responses(9, searches)
    items = [{"type": "response.output_item.done", "item": item} for item in whole["output"]]
    stream = events(*items, {"type": "response.completed", "response": whole})
    record = read("openai_responses", "text/event-stream", stream).record
    assert record.usage is not None
    assert (record.usage.web_searches, record.usage.estimated) == (searches, False)
    assert (record.outcome, record.usage.cache_read) == ("refusal", 4)


@pytest.mark.parametrize(
    ("fields", "searches", "estimated"),
    [
        ({}, None, True),
        ({"tools": [{"type": "function"}, {"type": "web_search_preview"}]}, None, True),
        ({"tools": [{"type": "function"}, {"type": "image_generation"}]}, None, False),
        ({"tool_usage": {"web_search": {"num_requests": 700}}}, 700, False),
        ({"tool_usage": {"web_search": {"num_requests": 0}}}, None, False),
    ],
)
def test_searches_that_cannot_be_counted_are_told_or_make_an_estimate(
    fields: dict[str, Any], searches: int | None, estimated: bool
) -> None:
    written = json.dumps(responses(20, 700, **fields)).encode()
    usage = read("openai_responses", "application/json", written).record.usage
    assert usage is not None
    assert (usage.web_searches, usage.estimated, usage.output) == (searches, estimated, 20)


@pytest.mark.parametrize(
    ("model", "searches", "estimated"), [("gemini-2.5-pro", 1, False), ("gemini-3-pro", 1, True)]
)
def test_queries_that_cannot_be_counted_make_an_estimate_where_each_is_billed(
    model: str, searches: int, estimated: bool
) -> None:
    answer = gemini(**grounded(PAGES, PASSAGES, 2000)) | {"modelVersion": model}
    usage = read("gemini", "application/json", json.dumps(answer).encode()).record.usage
    assert usage is not None
    assert (usage.web_searches, usage.estimated, usage.output) == (searches, estimated, 2000)
