import json
from typing import Any

import pytest

from proxy.dialects.base import SHOWN, SILENT, THOUGHT, RequestFacts
from proxy.dialects.ollama import Ollama
from proxy.sse import Event


def event(**fields: Any) -> Event:
    return Event(json.dumps(fields).encode())


@pytest.mark.parametrize(
    ("given", "brings"),
    [
        (event(message={"content": "a"}), SHOWN),
        (event(message={"content": ""}), SILENT),
        (event(message={"content": "", "thinking": "h"}), THOUGHT),
        (event(message={"tool_calls": [{"function": {"name": "f", "arguments": {}}}]}), SHOWN),
        (event(response="a"), SHOWN),
        (event(response="", thinking="h"), THOUGHT),
        (event(message=3, response=[]), SILENT),
    ],
)
def test_what_an_object_brings(given: Event, brings: int) -> None:
    assert Ollama().read_event(given) == brings


@pytest.mark.parametrize(
    ("document", "stream"),
    [
        ({"model": "m", "messages": []}, True),
        ({"model": "m", "prompt": "a", "stream": True}, True),
        ({"model": "m", "prompt": "a", "stream": False}, False),
        ({"model": "m", "input": "a"}, False),
    ],
)
def test_a_stream_is_the_default(document: dict[str, Any], stream: bool) -> None:
    assert Ollama().read_request(document) == RequestFacts("m", stream=stream)


def test_the_end_has_the_counts() -> None:
    state = Ollama()
    state.read_event(event(model="m", message={"content": "abc"}))
    assert not state.ended
    state.read_event(event(done=True, done_reason="stop", prompt_eval_count=7, eval_count=9))
    assert state.ended
    facts = state.finish(may_estimate=True)
    assert (facts.model, facts.finish_reason) == ("m", "stop")
    assert facts.usage == {"input": 7, "output": 9}


def test_counts_that_are_left_out_are_estimated() -> None:
    state = Ollama()
    state.read_request({"messages": [{"content": "12345678"}]})
    state.read_event(event(done=True, eval_count=9))
    usage = {"input": 2, "output": 9, "estimated": True}
    assert state.finish(may_estimate=True).usage == usage


def test_nothing_is_estimated_before_anything_was_answered() -> None:
    state = Ollama()
    state.read_request({"prompt": "12345678"})
    state.read_event(event(error="no such model"))
    facts = state.finish(may_estimate=True)
    assert (facts.usage, facts.error, facts.failed) == (None, "no such model", True)


def test_where_nothing_may_be_estimated_nothing_is() -> None:
    state = Ollama()
    state.read_event(event(message={"content": "abc"}))
    assert state.finish(may_estimate=False).usage is None


def test_what_is_no_object_is_counted() -> None:
    state = Ollama()
    assert state.read_event(Event(b"[]")) == SILENT
    assert state.malformed_total == 1
