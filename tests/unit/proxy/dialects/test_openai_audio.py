import json
from typing import Any

import pytest

from proxy.dialects.base import SHOWN, SILENT
from proxy.dialects.openai_audio import OpenAIAudio
from proxy.sse import Event

TOKENS = {"type": "tokens", "input_tokens": 14, "output_tokens": 45}


def event(kind: str, **fields: Any) -> Event:
    return Event(json.dumps({"type": kind, **fields}).encode())


@pytest.mark.parametrize(
    ("document", "usage"),
    [
        ({"text": "a", "usage": TOKENS}, {"input": 14, "output": 45}),
        ({"text": "a", "usage": {"type": "duration", "seconds": 9}}, {"audio_input_ms": 9000}),
        ({"text": "a", "duration": 8.47}, {"audio_input_ms": 8470}),
        ({"text": "a", "duration": "8"}, None),
        ({"text": "a", "duration": -1}, None),
        ({"text": "a"}, None),
    ],
)
def test_heard_by_tokens_or_by_the_second(
    document: dict[str, Any], usage: dict[str, int] | None
) -> None:
    state = OpenAIAudio()
    state.read_document(document)
    assert state.finish(may_estimate=True).usage == usage


def test_a_streamed_transcript() -> None:
    state = OpenAIAudio()
    assert state.read_event(event("transcript.text.delta", delta="I")) == SHOWN
    assert state.read_event(event("transcript.text.delta", delta="")) == SILENT
    assert not state.ended
    assert state.read_event(event("transcript.text.done", text="I", usage=TOKENS)) == SILENT
    assert state.ended
    assert state.finish(may_estimate=True).usage == {"input": 14, "output": 45}


def test_what_is_spoken_is_sound() -> None:
    state = OpenAIAudio()
    assert state.read_event(event("speech.audio.delta", audio="QQ==")) == SHOWN
    state.read_event(event("speech.audio.done", usage=TOKENS))
    usage = {"input": 14, "output": 45, "audio_output": 45}
    assert state.finish(may_estimate=True).usage == usage


@pytest.mark.parametrize("asked", [{"stream": "true"}, {"stream_format": "sse"}, {"stream": True}])
def test_how_a_stream_is_asked_for(asked: dict[str, Any]) -> None:
    assert OpenAIAudio().read_request(asked).stream
