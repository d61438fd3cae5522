"""Streams read with and without what `proxy.dialects.alike` remembers: nothing tells them apart."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxy.capture.response_head import ResponseHead
from proxy.capture.response_side import ResponseSide
from proxy.dialects.table import dialect_state
from proxy.exchange import CaptureLimits
from tests.support.captures import CALLS

LIMITS = CaptureLimits(max_event_bytes=400)
HEAD = ResponseHead(200, "text/event-stream", "")
TEXTS = [
    b" word", b"a", b"content", b"text", b"?", b"!", b"", b"\\n", b'\\"', b"\\\\", b"\\",
    b"\\u00e9", b"\\ud83d\\ude00", b"\\ud83d", b"\xc3\xa9", b"\xc3", b"\xa9", b"\xff", b'"', b"\n",
    b"\n\n", b"\r", b"\x00", b"\x1f", b"\x7f", "🎉".encode(), b'a","content":"b', b'","x":"',
    b'a"},"delta":{"content":"b', b"x" * 350, b'a"}\n\ndata: {"b":"', b"[DONE]",
]  # fmt: skip
TEXT = st.sampled_from(TEXTS) | st.binary(max_size=6)
PAD = st.sampled_from([b"#", b"", b"xY", b'"', b"\\", b'","x":"', b"\xc3"]) | st.binary(max_size=3)
NUMBER = st.sampled_from([b"0", b"012", b"-1", b"1.5", b"1e3", b"", b'"1"', b"9" * 16, b"9" * 30])
PADDING = {"obfuscation": "#", "sequence_number": 4444}
CHAT = {"id": "c-1", "model": "gpt-4o", "choices": [{"index": 0, "delta": {"content": "@"}}]}
DELTA = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "@"}}
SAID = {"type": "response.output_text.delta", "item_id": "m", "delta": "@"}
CHOICE = {"index": 0, "delta": {"content": "@"}}
DOCUMENTS: dict[str, list[dict[str, Any]]] = {
    "openai_chat": [
        CHAT,
        CHAT | {"service_tier": "flex", "usage": None},
        CHAT | {"id": "@", "choices": [CHOICE]},
        CHAT | {"usage": {"prompt_tokens": 3, "completion_tokens": 5}},
        CHAT | {"error": {"message": "@"}},
        CHAT | {"choices": [CHOICE, {"index": 1, "delta": {"content": "b"}}]},
        CHAT | {"choices": [CHOICE | {"index": 7}]},
        CHAT | {"choices": [CHOICE | {"finish_reason": "stop"}]},
        CHAT | {"choices": [{"message": {"content": "@"}, "delta": {}}]},
        CHAT | {"choices": [{"delta": {"reasoning_content": "@"}}]},
        CHAT | {"choices": [{"delta": {"content": "@", "reasoning_content": "b"}}]},
        CHAT | {"choices": [{"delta": {"content": "@", "tool_calls": None, "refusal": None}}]},
        CHAT | {"choices": [{"delta": {"content": [{"type": "text", "text": "@"}]}}]},
        CHAT | {"choices": [{"delta": {"tool_calls": [{"function": {"arguments": "@"}}]}}]},
        CHAT | {"usage": None, "obfuscation": "#"},
        {"obfuscation": "#"} | CHAT,
        {"obfuscation": "@"} | CHAT,
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 1}},
    ],
    "openai_completions": [
        {"id": "c-1", "model": "m", "choices": [{"index": 0, "text": "@"}]},
        {"choices": [{"text": "@", "delta": {"content": "b"}}]},
        {"choices": [{"text": "@", "finish_reason": "length"}]},
    ],
    "openai_responses": [
        SAID,
        SAID | PADDING,
        PADDING | SAID,
        {"sequence_number": 4444} | SAID | {"obfuscation": "#"},
        SAID | {"delta": "@", "obfuscation": "@", "sequence_number": "@"},
        SAID | {"type": "response.refusal.delta"},
        SAID | {"type": "response.output_audio.delta"},
        SAID | {"type": "response.reasoning_text.delta"},
        SAID | {"type": "response.completed", "response": {"id": "@", "status": "completed"}},
    ],
    "anthropic_messages": [
        DELTA,
        DELTA | {"delta": {"type": "input_json_delta", "partial_json": "@"}},
        DELTA | {"delta": {"type": "thinking_delta", "thinking": "@"}},
        DELTA | {"delta": {"type": "signature_delta", "signature": "@"}},
        {"type": "content_block_start", "content_block": {"type": "text", "text": "@"}},
        {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 3}},
        {"type": "ping"},
        {"type": "error", "error": {"type": "overloaded_error", "message": "@"}},
    ],
}  # fmt: skip
FORMS = [
    b"data: %b\n\n", b"event: x\ndata: %b\n\n", b"event: ping\ndata: %b\n\n", b"data:%b\n\n",
    b"data: %b\r\n\r\n", b"\xef\xbb\xbfdata: %b\n\n", b"\xef\xbb\xbfevent: error\ndata: %b\n\n",
    b"id: 1\ndata: %b\n\n", b": c\ndata: %b\n\n", b"data: %b\n", b"\ndata: %b\n\n",
    b"event: x\nid: \ndata: %b\n\n", b"data: %b\nx: 1\n\n", b"data: %b\ndata: \n\n", b"%b",
    b"data: \ndata: %b\n\n", b"event: x\n: data: %b\n\n", b"data: %b\nx: %b\n\n",
]  # fmt: skip
OTHERS = [b": keep\n\n", b"\n", b"event: ping\n", b"data: [DONE]\n\n", b"data: x\n\n", b"id: 2\n\n"]


@st.composite
def chunks(draw: st.DrawFn, dialect: str) -> list[bytes]:
    """Runs of like events in one form, most of them whole, and all that may come between."""
    found: list[bytes] = []
    for _ in range(draw(st.integers(1, 4))):
        document = draw(st.sampled_from([DOCUMENTS[dialect][0], *DOCUMENTS[dialect]]))
        spaced = draw(st.booleans())
        data = json.dumps(document, separators=None if spaced else (",", ":")).encode()
        if draw(st.integers(0, 5)) == 0:
            data = data.replace(
                b'"@"', draw(st.sampled_from([b'"b","content":"@"', b'"@","text":"@"']))
            )
        form = draw(st.sampled_from([FORMS[0], FORMS[0], FORMS[1], *FORMS]))
        for text in draw(st.lists(st.just(b" word") | TEXT, min_size=1, max_size=8)):
            event = data.replace(b"@", text).replace(b"#", draw(st.just(b"ab") | PAD))
            event = event.replace(b"4444", draw(st.integers(0, 99).map(b"%d".__mod__) | NUMBER))
            chunk = form.replace(b"%b", event)
            fault = draw(st.integers(0, 24))
            at = draw(st.integers(0, len(chunk)))
            if fault == 0:
                chunk = (
                    chunk[:at] + draw(st.binary(max_size=2)) + chunk[at + draw(st.integers(0, 2)) :]
                )
            elif fault == 1:
                found.append(draw(st.sampled_from(OTHERS)))
            elif fault in (2, 3) and found:
                chunk = found.pop() + chunk
            elif fault == 4:
                found.append(chunk[:at])
                chunk = chunk[at:]
            elif fault == 5:
                chunk += chunk
            elif fault == 6:
                chunk = chunk[:at]
            found.append(chunk)
    return [chunk for chunk in found if chunk]


def seen(side: ResponseSide, state: Any) -> tuple[Any, ...]:
    """All that a stream left."""
    pace = side.pace
    times = (pace.first_s, pace.first_thought_s, pace.lasted_s, pace.gap_ms(0.5), pace.gap_ms(0.9))
    everything = {
        name: getattr(state, name)
        for each in type(state).__mro__
        for name in getattr(each, "__slots__", ())
    }
    return everything, times, side.finish(), side.notes, len(pace._new)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("dialect", list(DOCUMENTS))
@settings(max_examples=200)
@given(data=st.data())
def test_nothing_is_read_otherwise(dialect: str, data: st.DataObject) -> None:
    stream = data.draw(chunks(dialect))
    left = []
    for remembers in (True, False):
        state = dialect_state(*CALLS[dialect])
        side = ResponseSide(HEAD, LIMITS, state, omit=True)
        if not remembers:
            side._alike = None
        times_s = [100.0 + at for at in range(len(stream))]
        if remembers:
            side.feed(stream, times_s)
        else:
            for chunk, at_s in zip(stream, times_s, strict=True):
                side.feed([chunk], [at_s])
        left.append(seen(side, state))
    assert left[0] == left[1]
