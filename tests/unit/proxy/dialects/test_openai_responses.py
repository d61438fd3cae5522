import json
from typing import Any

import pytest

from proxy.dialects.base import SHOWN, SILENT, THOUGHT, RequestFacts
from proxy.dialects.openai_responses import OpenAIResponses
from proxy.sse import Event


def event(kind: str, **fields: Any) -> Event:
    return Event(json.dumps({"type": kind, **fields}).encode(), kind.encode())


@pytest.mark.parametrize(
    ("given", "brings"),
    [
        (event("response.output_text.delta", delta="a"), SHOWN),
        (event("response.output_text.delta", delta=""), SILENT),
        (event("response.function_call_arguments.delta", delta="{"), SHOWN),
        (event("response.refusal.delta", delta="I"), SHOWN),
        (event("response.audio.delta", delta="QQ=="), SHOWN),
        (event("response.reasoning_summary_text.delta", delta="h"), THOUGHT),
        (event("response.reasoning_text.delta", delta="h"), THOUGHT),
        (event("response.created", response={"id": "r"}), SILENT),
        (event("response.output_text.done", text="a"), SILENT),
        (event("response.of_tomorrow.delta", delta=3), SILENT),
        (event("response.completed"), SILENT),
    ],
)
def test_what_an_event_brings(given: Event, brings: int) -> None:
    assert OpenAIResponses().read_event(given) == brings


def test_the_prompt_is_all_that_is_asked() -> None:
    state = OpenAIResponses()
    document = {"model": "m", "input": "12345678", "instructions": "1234", "stream": True}
    assert state.read_request(document) == RequestFacts("m", stream=True)
    state.read_event(event("response.output_text.delta", delta="12345"))
    usage = {"input": 3, "output": 2, "estimated": True}
    assert state.finish(may_estimate=True).usage == usage


@pytest.mark.parametrize(
    ("kind", "response", "reason"),
    [
        ("response.completed", {"status": "completed"}, "completed"),
        (
            "response.incomplete",
            {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}},
            "max_output_tokens",
        ),
        ("response.failed", {"status": "failed", "error": {"code": "server_error"}}, "failed"),
    ],
)
def test_how_it_ends(kind: str, response: dict[str, Any], reason: str) -> None:
    state = OpenAIResponses()
    response |= {"usage": {"input_tokens": 1, "output_tokens": 2}}
    state.read_event(event(kind, response=response))
    assert state.ended
    facts = state.finish(may_estimate=True)
    assert (facts.finish_reason, facts.usage) == (reason, {"input": 1, "output": 2})
    assert facts.failed is (kind == "response.failed")


def test_searches_are_counted_once_and_opened_pages_are_not() -> None:
    calls = [
        {"type": "web_search_call", "action": {"type": "search"}},
        {"type": "web_search_call", "action": {"type": "open_page"}},
        {"type": "web_search_call"},
    ]
    state = OpenAIResponses()
    for call in calls:
        state.read_event(event("response.output_item.done", item=call))
    usage = {"input_tokens": 1, "output_tokens": 2}
    response = {"status": "completed", "output": calls, "usage": usage}
    state.read_event(event("response.completed", response=response))
    counted = {"input": 1, "output": 2, "web_searches": 2}
    assert state.finish(may_estimate=True).usage == counted


@pytest.mark.parametrize("output", [[], [{"": None}], [{"type": "message"}]])
def test_searches_that_were_told_hold_where_the_output_has_less(output: list[Any]) -> None:
    state = OpenAIResponses()
    for _ in range(2):
        state.read_event(event("response.output_item.done", item={"type": "web_search_call"}))
    response = {"output": output, "usage": {"input_tokens": 1, "output_tokens": 2}}
    state.read_event(event("response.completed", response=response))
    counted = {"input": 1, "output": 2, "web_searches": 2}
    assert state.finish(may_estimate=True).usage == counted


def test_a_response_without_searches_is_exact_where_its_items_were_told() -> None:
    state = OpenAIResponses()
    state.read_event(event("response.output_item.done", item={"type": "function_call"}))
    response = {"output": [{"": None}], "usage": {"input_tokens": 1, "output_tokens": 2}}
    state.read_event(event("response.completed", response=response))
    assert state.finish(may_estimate=True).usage == {"input": 1, "output": 2}


def test_what_is_left_of_an_output_counts_at_least() -> None:
    state = OpenAIResponses()
    output = [{"type": "web_search_call"}, {"": None}]
    state.read_document({"output": output, "usage": {"input_tokens": 1}})
    counted = {"input": 1, "web_searches": 1, "estimated": True}
    assert state.finish(may_estimate=True).usage == counted


def test_a_refusal_is_the_reason_of_the_end() -> None:
    state = OpenAIResponses()
    content = [{"type": "refusal", "refusal": "I cannot"}]
    output = [{"type": "message", "content": content}]
    state.read_document({"status": "completed", "output": output})
    assert state.finish(may_estimate=True).finish_reason == "refusal"


@pytest.mark.parametrize(
    "error",
    [
        {"type": "error", "code": "c", "message": "no"},
        {"type": "error", "error": {"type": "c", "message": "no"}},
        {"error": {"code": "c", "message": "no"}},
    ],
)
def test_an_error_event(error: dict[str, Any]) -> None:
    state = OpenAIResponses()
    state.read_event(Event(json.dumps(error).encode()))
    facts = state.finish(may_estimate=True)
    assert (facts.error, facts.failed) == ("c: no", True)
