import json
from typing import Any

import pytest

from proxy.dialects.anthropic_messages import AnthropicMessages
from proxy.dialects.base import SHOWN, SILENT, THOUGHT
from proxy.sse import Event


def event(kind: str, **fields: Any) -> Event:
    return Event(json.dumps({"type": kind, **fields}).encode(), kind.encode())


def start(**usage: Any) -> Event:
    return event("message_start", message={"id": "msg_1", "model": "m", "usage": usage})


@pytest.mark.parametrize(
    ("given", "brings"),
    [
        (event("content_block_delta", delta={"type": "text_delta", "text": "a"}), SHOWN),
        (event("content_block_delta", delta={"type": "text_delta", "text": ""}), SILENT),
        (
            event("content_block_delta", delta={"type": "input_json_delta", "partial_json": "{"}),
            SHOWN,
        ),
        (
            event("content_block_delta", delta={"type": "input_json_delta", "partial_json": ""}),
            SILENT,
        ),
        (event("content_block_delta", delta={"type": "thinking_delta", "thinking": "h"}), THOUGHT),
        (event("content_block_delta", delta={"type": "signature_delta", "signature": "s"}), SILENT),
        (event("content_block_delta", delta={"type": ["text_delta"]}), SILENT),
        (event("content_block_delta", delta=3), SILENT),
        (event("content_block_start", content_block={"type": "text", "text": ""}), SILENT),
        (event("content_block_start", content_block={"type": "text", "text": "a"}), SHOWN),
        (event("content_block_start", content_block={"type": "tool_use", "name": "f"}), SHOWN),
        (event("content_block_start", content_block={"type": "thinking", "name": "f"}), SILENT),
        (start(input_tokens=1), SILENT),
        (event("ping"), SILENT),
        (event("message_stop"), SILENT),
        (event("of_tomorrow", text="a"), SILENT),
    ],
)
def test_what_is_visible(given: Event, brings: int) -> None:
    assert AnthropicMessages().read_event(given) == brings


def test_input_holds_what_was_read_from_and_written_to_a_cache() -> None:
    state = AnthropicMessages()
    usage = {
        "input_tokens": 5,
        "cache_creation_input_tokens": 7,
        "cache_read_input_tokens": 100,
        "cache_creation": {"ephemeral_5m_input_tokens": 3, "ephemeral_1h_input_tokens": 4},
        "output_tokens": 9,
        "output_tokens_details": {"thinking_tokens": 2},
    }
    state.read_document({"usage": usage})
    assert state.finish(may_estimate=True).usage == {
        "input": 112,
        "output": 9,
        "cache_read": 100,
        "cache_write": 7,
        "cache_write_1h": 4,
        "reasoning": 2,
    }


def test_the_last_count_of_each_kind_counts() -> None:
    state = AnthropicMessages()
    state.read_event(start(input_tokens=5, cache_read_input_tokens=3, output_tokens=1))
    for output in (4, 9):
        usage = {"output_tokens": output, "input_tokens": None, "cache_read_input_tokens": 4}
        state.read_event(event("message_delta", delta={}, usage=usage))
    usage = {"input": 9, "output": 9, "cache_read": 4}
    assert state.finish(may_estimate=True).usage == usage


def test_without_the_closing_counts_the_answer_is_estimated() -> None:
    state = AnthropicMessages()
    state.read_event(start(input_tokens=5, output_tokens=1))
    delta = {"type": "thinking_delta", "thinking": "x" * 21}
    state.read_event(event("content_block_delta", delta=delta))
    usage = {"input": 5, "output": 6, "estimated": True}
    assert state.finish(may_estimate=True).usage == usage


def test_an_estimate_is_never_less_than_what_was_told() -> None:
    state = AnthropicMessages()
    state.read_event(start(input_tokens=5, output_tokens=3))
    usage = {"input": 5, "output": 3, "estimated": True}
    assert state.finish(may_estimate=True).usage == usage


def test_where_nothing_may_be_estimated_the_answer_is_unknown() -> None:
    state = AnthropicMessages()
    state.read_event(start(input_tokens=5, output_tokens=1))
    assert state.finish(may_estimate=False).usage == {"input": 5}


def test_an_answer_without_any_count_is_estimated_with_its_prompt() -> None:
    request = {"system": "1234", "messages": [{"content": [{"type": "text", "text": "12345678"}]}]}
    streamed = AnthropicMessages()
    streamed.read_request(request)
    delta = {"type": "text_delta", "text": "12345"}
    streamed.read_event(event("content_block_delta", delta=delta))
    usage = {"input": 3, "output": 2, "estimated": True}
    assert streamed.finish(may_estimate=True).usage == usage
    whole = AnthropicMessages()
    whole.read_request(request)
    whole.read_document({"content": [{"type": "text", "text": "12345"}]})
    assert whole.finish(may_estimate=True).usage == usage
    assert AnthropicMessages().finish(may_estimate=True).usage is None


def test_all_input_is_unknown_where_its_greatest_part_is() -> None:
    state = AnthropicMessages()
    state.read_document({"usage": {"cache_read_input_tokens": 5, "output_tokens": 1}})
    assert state.finish(may_estimate=True).usage == {"output": 1, "cache_read": 5}


@pytest.mark.parametrize(
    "given",
    [
        event("error", error={"type": "overloaded_error", "message": "Overloaded"}),
        Event(b'{"error": {"type": "overloaded_error", "message": "Overloaded"}}', b"error"),
    ],
)
def test_an_error_event(given: Event) -> None:
    state = AnthropicMessages()
    state.read_event(given)
    facts = state.finish(may_estimate=True)
    assert (facts.failed, facts.error, facts.usage) == (True, "overloaded_error: Overloaded", None)


def test_the_end_mark() -> None:
    state = AnthropicMessages()
    assert not state.ended
    state.read_event(event("message_stop"))
    assert state.ended


def test_names_come_from_the_start_and_the_reason_from_the_end() -> None:
    state = AnthropicMessages()
    state.read_event(start())
    state.read_event(event("message_delta", delta={"stop_reason": "max_tokens"}, usage={}))
    state.read_event(event("message_delta", delta={"stop_reason": None}, usage={}))
    facts = state.finish(may_estimate=True)
    assert (facts.model, facts.provider_id, facts.finish_reason) == ("m", "msg_1", "max_tokens")


def test_what_is_no_object_is_counted() -> None:
    state = AnthropicMessages()
    for data in (b"{", b"[]", b"3"):
        assert state.read_event(Event(data)) == SILENT
    assert state.malformed_total == 3
