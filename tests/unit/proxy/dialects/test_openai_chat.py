import json
from typing import Any

import pytest

from proxy.dialects.base import SHOWN, SILENT
from proxy.dialects.openai_chat import OpenAIChat
from proxy.sse import Event


def event(**chunk: Any) -> Event:
    return Event(json.dumps(chunk).encode())


def delta(**fields: Any) -> Event:
    return event(choices=[{"index": 0, "delta": fields, "finish_reason": None}])


@pytest.mark.parametrize(
    ("fields", "visible"),
    [
        ({"content": "a"}, True),
        ({"content": ""}, False),
        ({"content": None}, False),
        ({"role": "assistant", "content": ""}, False),
        ({"role": "assistant", "content": "a"}, True),
        ({}, False),
        ({"refusal": "no"}, True),
        ({"content": None, "refusal": "no"}, True),
        ({"tool_calls": [{"function": {"name": "f", "arguments": ""}}]}, True),
        ({"tool_calls": [{"function": {"arguments": "{"}}]}, True),
        ({"tool_calls": [{"function": {"arguments": ""}}]}, False),
        ({"function_call": {"name": "f"}}, True),
        ({"audio": {"transcript": "hi"}}, True),
        ({"audio": {"data": "AAAA"}}, False),
        ({"reasoning_content": "hmm"}, False),
        ({"tool_calls": [3, None, {"function": 5}]}, False),
    ],
)
def test_what_is_visible(fields: dict[str, Any], visible: bool) -> None:
    assert (OpenAIChat().read_event(delta(**fields)) == SHOWN) is visible


def test_any_choice_may_be_visible() -> None:
    choices = [{"delta": {}}, {"delta": {"content": "a"}}, None, {"delta": 3}]
    assert OpenAIChat().read_event(event(choices=choices)) == SHOWN


def test_usage_of_all_kinds() -> None:
    state = OpenAIChat()
    usage = {
        "prompt_tokens": 100,
        "completion_tokens": 50,
        "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 7, "audio_tokens": 3},
        "completion_tokens_details": {"reasoning_tokens": 20, "audio_tokens": 5},
    }
    state.read_document({"usage": usage})
    assert state.finish(may_estimate=True).usage == {
        "input": 100,
        "output": 50,
        "cache_read": 60,
        "cache_write": 7,
        "audio_input": 3,
        "reasoning": 20,
        "audio_output": 5,
    }


def test_the_last_usage_of_a_stream_counts() -> None:
    state = OpenAIChat()
    for output in (1, 2, 3):
        state.read_event(event(choices=[], usage={"prompt_tokens": 9, "completion_tokens": output}))
    state.read_event(event(choices=[], usage=None))
    state.read_event(event(choices=[], usage={"prompt_tokens": "many"}))
    assert state.finish(may_estimate=True).usage == {"input": 9, "output": 3}


def test_an_estimate_counts_text_reasoning_and_tool_calls() -> None:
    state = OpenAIChat()
    state.read_request({"stream": True, "messages": [{"content": "x" * 40}]})
    state.read_event(delta(content="x" * 10))
    state.read_event(delta(content="x", reasoning="y" * 9))
    state.read_event(delta(tool_calls=[{"function": {"name": "ab", "arguments": "{}"}}]))
    usage = {"input": 10, "output": 6, "estimated": True}
    assert state.finish(may_estimate=True).usage == usage


def test_nothing_is_estimated_where_it_may_not_or_nothing_began() -> None:
    began, silent = OpenAIChat(), OpenAIChat()
    began.read_event(delta(content="x" * 10))
    silent.read_event(event(error={"message": "no"}))
    assert began.finish(may_estimate=False).usage is None
    assert silent.finish(may_estimate=True).usage is None


def test_without_its_request_only_the_answer_is_estimated() -> None:
    state = OpenAIChat()
    state.read_event(delta(content="x" * 10))
    assert state.finish(may_estimate=True).usage == {"output": 3, "estimated": True}


def test_an_error_in_a_body_of_status_200_is_a_failure() -> None:
    state = OpenAIChat()
    state.read_document({"error": {"message": "Provider returned error", "code": 502}})
    facts = state.finish(may_estimate=True)
    assert (facts.failed, facts.error) == (True, "Provider returned error")


def test_a_null_error_is_none() -> None:
    state = OpenAIChat()
    state.read_document({"error": None})
    assert state.finish(may_estimate=True).failed is False


def test_a_first_chunk_without_names_does_not_hide_them() -> None:
    state = OpenAIChat()
    state.read_event(event(id="", model="", choices=[]))
    state.read_event(event(id="c1", model="m1", choices=[]))
    state.read_event(event(id="c2", model="m2", choices=[]))
    facts = state.finish(may_estimate=True)
    assert (facts.provider_id, facts.model) == ("c1", "m1")


def test_counts_that_were_still_growing_are_a_guess() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2}
    cut = OpenAIChat()
    cut.read_event(event(choices=[{"delta": {"content": "a"}}], usage=usage))
    assert cut.finish(may_estimate=True).usage == {"input": 9, "output": 2, "estimated": True}
    whole = OpenAIChat()
    whole.read_event(event(choices=[{"delta": {}, "finish_reason": "stop"}], usage=usage))
    assert whole.finish(may_estimate=True).usage == {"input": 9, "output": 2}
    document = OpenAIChat()
    document.read_document({"choices": [{"message": {"content": "a"}}], "usage": usage})
    assert document.finish(may_estimate=True).usage == {"input": 9, "output": 2}


def test_the_end_mark() -> None:
    state = OpenAIChat()
    state.read_event(Event(b"[DONE]"))
    assert state.ended
    assert state.finish(may_estimate=True).ended


def test_what_is_no_object_is_counted() -> None:
    state = OpenAIChat()
    for data in (b"{", b"[]", b"3"):
        assert state.read_event(Event(data)) == SILENT
    assert state.malformed_total == 3
