import json

from proxy.dialects.base import SHOWN, SILENT
from proxy.dialects.openai_completions import OpenAICompletions
from proxy.sse import Event


def chunk(text: str, finish_reason: str | None = None) -> Event:
    choice = {"index": 0, "text": text, "finish_reason": finish_reason}
    return Event(json.dumps({"id": "cmpl-1", "model": "m", "choices": [choice]}).encode())


def test_text_is_visible_and_estimated() -> None:
    state = OpenAICompletions()
    state.read_request({"model": "m", "prompt": ["12345678", "1234"]})
    assert state.read_event(chunk("12345")) == SHOWN
    assert state.read_event(chunk("", "length")) == SILENT
    facts = state.finish(may_estimate=True)
    assert facts.usage == {"input": 3, "output": 2, "estimated": True}
    assert (facts.finish_reason, facts.ended) == ("length", True)


def test_a_whole_completion() -> None:
    state = OpenAICompletions()
    usage = {"prompt_tokens": 5, "completion_tokens": 7}
    state.read_document({"choices": [{"text": "a", "finish_reason": "stop"}], "usage": usage})
    assert state.finish(may_estimate=True).usage == {"input": 5, "output": 7}
