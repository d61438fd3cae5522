"""Captures of anything at all: never an exception, never a record that cannot be sent."""

import json
import pickle
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.record.codec import decode_record, encode_record
from proxy.capture.capture import Capture
from proxy.dialects.table import DIALECTS, dialect_state
from proxy.exchange import CaptureLimits
from proxy.sse import Event
from tests.support.captures import CALLS, call_meta, ended, golden_exchanges

NAMES = [
    "id", "type", "model", "choices", "delta", "content", "role", "usage", "error", "message",
    "code", "finish_reason", "index", "tool_calls", "function", "function_call", "name", "user",
    "arguments", "prompt_tokens", "completion_tokens", "prompt_tokens_details", "cached_tokens",
    "stream", "messages", "metadata", "user_id", "text", "partial_json", "content_block",
    "input_tokens", "output_tokens", "cache_creation", "stop_reason", "audio", "refusal",
    "cache_read_input_tokens", "cache_creation_input_tokens", "reasoning_content", "thinking",
    "candidates", "parts", "inlineData", "functionCall", "args", "thought", "finishReason",
    "usageMetadata", "promptTokenCount", "candidatesTokenCount", "thoughtsTokenCount", "modality",
    "promptTokensDetails", "tokenCount", "promptFeedback", "blockReason", "groundingMetadata",
    "webSearchQueries", "response", "output", "item", "action", "status", "incomplete_details",
    "reason", "output_tokens_details", "reasoning_tokens", "total_tokens", "cost", "x_groq",
    "cost_in_usd_ticks", "server_tool_use", "data", "duration", "seconds", "done", "eval_count",
    "prompt_eval_count", "message_id", "service_tier", "n", "input", "prompt", "contents", "labels",
]  # fmt: skip
WORDS = [
    "message_start", "message_delta", "message_stop", "content_block_delta", "text_delta", "error",
    "content_block_start", "input_json_delta", "tool_use", "stop", "", "x" * 600, "\n\x00", "é🎉",
    "response.completed", "response.failed", "response.output_text.delta", "response.created",
    "response.output_item.done", "web_search_call", "refusal", "transcript.text.done", "AUDIO",
    "speech.audio.done", "image_generation.completed", "x.partial_image", "STOP", "SAFETY",
]  # fmt: skip
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(WORDS)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
    ),
    max_leaves=25,
)
OBJECTS = st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8)
LIMITS = CaptureLimits(max_body_bytes=500, max_decoded_bytes=2000, max_event_bytes=300)
STREAMED = "/v1beta/models/g:streamGenerateContent"
by_dialect = pytest.mark.parametrize("dialect", list(CALLS))
ROUNDS = 200
MAX_STATE_BYTES = 16 * 1024


def bare_bytes(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_every_registered_dialect_is_looked_at() -> None:
    """A new row needs a call above, thereby a golden folder, and is then fuzzed as all are."""
    looked_at = {type(dialect_state(*call)) for call in CALLS.values()}
    assert {type(state()) for _, state in DIALECTS} - looked_at == set()
    assert all(dialect_state(*call).__module__.endswith(f".{name}") for name, call in CALLS.items())


@by_dialect
@settings(max_examples=15)
@given(values=st.lists(OBJECTS, min_size=1, max_size=4))
def test_a_dialect_keeps_no_more_of_a_long_stream_than_of_a_short_one(
    dialect: str, values: list[dict[str, Any]]
) -> None:
    state = dialect_state(*CALLS[dialect])
    for turn in range(ROUNDS):
        for value in values:
            state.read_event(Event(bare_bytes(value | {"id": f"{turn} {'x' * 400}"})))
    assert len(pickle.dumps(state)) < MAX_STATE_BYTES


@by_dialect
@settings(max_examples=80)
@given(request=OBJECTS, document=OBJECTS, values=st.lists(VALUES, max_size=6), word=st.text())
def test_a_dialect_reads_any_json(
    dialect: str, request: dict[str, Any], document: dict[str, Any], values: list[Any], word: str
) -> None:
    state = dialect_state(*CALLS[dialect])
    asked = state.read_request(request)
    assert asked.model is None or isinstance(asked.model, str)
    for value in values:
        for name in (b"message", word.encode("utf-8", "replace"), b"error"):
            state.read_event(Event(bare_bytes(value), name))
    state.read_document(document)
    facts = state.finish(may_estimate=True)
    assert all(type(count) in (int, bool) for count in (facts.usage or {}).values())


@by_dialect
@settings(max_examples=80)
@given(
    request=OBJECTS.map(bare_bytes) | st.binary(max_size=700),
    chunks=st.lists(
        VALUES.map(lambda value: b"data: " + bare_bytes(value) + b"\n\n")
        | OBJECTS.map(bare_bytes)
        | st.sampled_from([b"data: [DONE]\n\n", b"event: error\n", b"\r", b"\xff\xfe"])
        | st.binary(max_size=400),
        max_size=8,
    ),
    status=st.sampled_from([200, 204, 400, 500, 999]),
    content_type=st.sampled_from(
        [
            *("text/event-stream", "application/json", "", "text/plain", "image/png", "\x00é;;"),
            *("application/x-ndjson", "audio/mpeg"),
        ]
    ),
    encoding=st.sampled_from(["", "identity", "gzip", "br, gzip", "zstd", "compress", ",", "é"]),
    omit=st.booleans(),
    streamed=st.booleans(),
)
def test_any_bytes_make_a_record(
    dialect: str,
    request: bytes,
    chunks: list[bytes],
    status: int,
    content_type: str,
    encoding: str,
    omit: bool,
    streamed: bool,
) -> None:
    family, path = CALLS[dialect]
    path = STREAMED if streamed and dialect == "gemini" else path
    meta = call_meta(path=path, omit_response=omit, request_content_encoding=encoding)
    capture = Capture(meta, LIMITS, family)
    capture.feed_request(request)
    capture.response_started(status, content_type, encoding, "", 101.0)
    chunks = [chunk for chunk in chunks if chunk]
    for some in (chunks[: len(chunks) // 2], chunks[len(chunks) // 2 :]):
        if some:
            capture.feed_response(some, [101.5] * len(some))
    finished = ended(capture)
    record = finished.record
    assert "capture_failed" not in finished.notes
    assert decode_record(encode_record(record)) == record
    assert record.response_bytes == sum(len(chunk) for chunk in chunks)
    assert (record.body_ref is None) == (finished.bodies is None)
    assert not omit or finished.bodies is None or finished.bodies.response is None


@pytest.mark.parametrize("golden", golden_exchanges(), ids=lambda golden: golden.name)
@given(data=st.data())
def test_a_golden_exchange_with_broken_bytes_makes_a_record(golden: Any, data: Any) -> None:
    broken = bytearray(golden.response)
    for _ in range(data.draw(st.integers(1, 4))):
        broken[data.draw(st.integers(0, len(broken) - 1))] = data.draw(st.integers(0, 255))
    finished = golden.feed([bytes(broken)])
    assert "capture_failed" not in finished.notes
    assert decode_record(encode_record(finished.record)) == finished.record
