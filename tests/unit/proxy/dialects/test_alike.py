from typing import Any

import pytest

from proxy.capture.response_head import ResponseHead
from proxy.capture.response_side import ResponseSide
from proxy.dialects import alike
from proxy.dialects.alike import MAX_CHUNK_BYTES, MAX_TRIES, Alike
from proxy.dialects.base import SHOWN, SILENT, THOUGHT, tells_text
from proxy.dialects.openai_chat import OpenAIChat
from proxy.dialects.table import dialect_state
from proxy.exchange import CaptureLimits
from proxy.sse import Event
from tests.support.captures import CALLS

DELTA = b'{"type":"content_block_delta","delta":{"type":"text_delta","text":"%b"}}'
CHAT = b'{"id":"c","model":"m"%b,"choices":[{"index":0,"delta":{"content":"%b"}}]}'
EVENTS = {
    "openai_chat": CHAT.replace(b"%b", b"", 1),
    "openai_completions": b'{"id": "c", "choices": [{"index": 0, "text": "%b"}]}',
    "openai_responses": b'{"type":"response.output_text.delta","delta":"%b"}',
    "anthropic_messages": DELTA,
}


def chunk(text: bytes, told: bytes = b"") -> bytes:
    return b"data: " + CHAT % (told, text) + b"\n\n"


def taught(data: bytes, state: Any = None) -> Alike:
    state = state or OpenAIChat()
    event = Event(data)
    known = Alike(state, 1 << 20)
    known.learn(b"data: " + data + b"\n\n", event, state.read_event(event))
    return known


@pytest.mark.parametrize("dialect", EVENTS)
def test_what_is_like_the_event_before_is_read_from_its_text(dialect: str) -> None:
    state = dialect_state(*CALLS[dialect])
    assert tells_text(state)
    known = taught(EVENTS[dialect] % b"one", state)
    assert known.brings == SHOWN
    chunks = [b"data: " + EVENTS[dialect] % word + b"\n\n" for word in (b"skip", b" two", b".")]
    assert known.take(chunks, [1.0, 2.0, 3.0], 1) == (2, [2.0, 3.0])
    assert state._output_bytes == 3 + 4 + 1  # type: ignore[attr-defined]


def test_escapes_and_several_events_in_a_chunk() -> None:
    state = OpenAIChat()
    known = taught(CHAT % (b"", b"one"), state)
    chunks = [chunk(b"a\\n\\u00e9"), chunk(b"b") * 3, chunk(b'"'), chunk(b"c")]
    assert known.take(chunks, [1.0, 2.0, 3.0, 4.0], 0) == (2, [1.0, 2.0, 2.0, 2.0])
    assert state._output_bytes == 3 + 4 + 3
    assert known.take(chunks, [1.0, 2.0, 3.0, 4.0], 2) == (0, [])


def test_several_events_in_some_chunks_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    state = OpenAIChat()
    known = taught(CHAT % (b"", b"one"), state)
    monkeypatch.setattr(alike, "_one_by_one", None)
    chunks = [chunk(b"a"), chunk(b"bb") * 2, chunk(b"c"), chunk(b"dd")]
    assert known.take(chunks, [1.0, 2.0, 3.0, 4.0], 0) == (4, [1.0, 2.0, 2.0, 3.0, 4.0])
    assert state._output_bytes == 3 + 1 + 4 + 1 + 2


def test_thoughts_are_known_as_well() -> None:
    state = dialect_state(*CALLS["anthropic_messages"])
    data = DELTA.replace(b"text_delta", b"thinking_delta").replace(b'"text"', b'"thinking"')
    assert taught(data % b"hm", state).brings == THOUGHT


@pytest.mark.parametrize(
    "data",
    [
        CHAT % (b"", b"choices"),
        CHAT % (b',"usage":{"prompt_tokens":1}', b"a"),
        CHAT % (b"", b"a\\n"),
        CHAT % (b"", b""),
        CHAT % (b"", b'b","content":"b'),
        CHAT % (b"", b"x" * MAX_CHUNK_BYTES),
        b'{"choices":[{"delta":{"content":"a"}},{"delta":{"content":"b"}}]}',
    ],
)
def test_what_is_not_remembered(data: bytes) -> None:
    known = taught(data)
    assert known.brings == SILENT
    assert known.take([b"data: " + data + b"\n\n"], [1.0], 0) == (0, ())


def test_an_event_that_is_not_all_of_its_chunk_is_not_remembered() -> None:
    data = CHAT % (b"", b"a")
    for piece in (b"data: " + data + b"\nx: 1\n\n", b"id: 1\ndata: " + data + b"\n\n"):
        known = Alike(OpenAIChat(), 1 << 20)
        known.learn(piece, Event(data), SHOWN)
        assert known.brings == SILENT


def test_after_so_many_for_nothing_no_more_is_remembered() -> None:
    known = Alike(OpenAIChat(), 1 << 20)
    for turn in range(MAX_TRIES + 1):
        data = CHAT % (b',"created":%d' % turn, b"a")
        known.learn(b"data: " + data + b"\n\n", Event(data), SHOWN)
    assert known.brings == SILENT


def test_what_comes_between_is_not_undone() -> None:
    state = OpenAIChat()
    side = ResponseSide(
        ResponseHead(200, "text/event-stream", ""), CaptureLimits(), state, omit=True
    )
    flex = chunk(b"a", b',"service_tier":"flex"')
    for piece in (flex, flex, chunk(b"", b',"service_tier":"default"'), flex):
        side.feed([piece], [1.0])
    side.feed([chunk(b"b") * 2], [2.0])
    side.feed([chunk(b"b") * 2], [3.0])
    facts, _ = side.finish()
    assert facts.service_tier == "flex"
    assert state._output_bytes == 3 + 4
