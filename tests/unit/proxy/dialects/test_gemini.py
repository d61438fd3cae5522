import json
from typing import Any

import pytest

from proxy.dialects.base import SHOWN, SILENT, THOUGHT
from proxy.dialects.gemini import Gemini
from proxy.sse import Event

CUT = {"": None}


def answer(*parts: Any, reason: str | None = None, **fields: Any) -> Event:
    candidate = {"content": {"parts": list(parts)}, "finishReason": reason}
    return Event(json.dumps({"candidates": [candidate], **fields}).encode())


@pytest.mark.parametrize(
    ("part", "brings"),
    [
        ({"text": "a"}, SHOWN),
        ({"text": ""}, SILENT),
        ({"text": "h", "thought": True}, THOUGHT),
        ({"functionCall": {"name": "f", "args": {}}}, SHOWN),
        ({"inlineData": {"mimeType": "image/png", "data": "QQ=="}}, SHOWN),
        ({"executableCode": {"code": "1"}}, SHOWN),
        ({"thoughtSignature": "s"}, SILENT),
        (3, SILENT),
    ],
)
def test_what_a_part_brings(part: Any, brings: int) -> None:
    assert Gemini().read_event(answer(part)) == brings


def test_the_last_usage_counts_and_thoughts_are_added() -> None:
    state = Gemini()
    for thoughts in (3, 9):
        usage = {
            "promptTokenCount": 10,
            "toolUsePromptTokenCount": 4,
            "cachedContentTokenCount": 5,
            "candidatesTokenCount": 20,
            "thoughtsTokenCount": thoughts,
        }
        state.read_event(answer({"text": "a"}, usageMetadata=usage))
    state.read_event(answer(reason="STOP"))
    assert state.finish(may_estimate=True).usage == {
        "input": 14,
        "output": 29,
        "cache_read": 5,
        "reasoning": 9,
    }


def test_modalities_of_all_lists_are_added() -> None:
    detail = [{"modality": "AUDIO", "tokenCount": 7}, {"modality": "IMAGE", "tokenCount": 2}]
    usage = {
        "promptTokenCount": 20,
        "promptTokensDetails": detail,
        "toolUsePromptTokensDetails": detail,
        "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 1}, None, {"modality": 3}],
        "candidatesTokensDetails": [{"modality": "IMAGE", "tokenCount": 1290}],
    }
    state = Gemini()
    state.read_document({"candidates": [{"finishReason": "STOP"}], "usageMetadata": usage})
    assert state.finish(may_estimate=True).usage == {
        "input": 20,
        "audio_input": 14,
        "image_input": 4,
        "cache_audio_read": 1,
        "image_output": 1290,
    }


def test_a_stream_cut_short_is_estimated() -> None:
    state = Gemini()
    state.read_request({"contents": [{"parts": [{"text": "12345678"}]}]})
    state.read_event(answer({"text": "123456"}))
    facts = state.finish(may_estimate=True)
    assert (facts.usage, facts.ended) == ({"input": 2, "output": 2, "estimated": True}, False)


def test_where_nothing_may_be_estimated_the_answer_is_unknown() -> None:
    state = Gemini()
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 1}
    state.read_event(answer({"text": "a"}, usageMetadata=usage))
    assert state.finish(may_estimate=False).usage == {"input": 10}


@pytest.mark.parametrize(("model", "searches"), [("gemini-2.5-pro", 1), ("gemini-3-pro", 2)])
def test_searches_are_billed_by_the_prompt_or_by_the_query(model: str, searches: int) -> None:
    state = Gemini()
    grounded = {"finishReason": "STOP", "groundingMetadata": {"webSearchQueries": ["a", "b"]}}
    usage = {"promptTokenCount": 1}
    state.read_document({"modelVersion": model, "candidates": [grounded], "usageMetadata": usage})
    assert state.finish(may_estimate=True).usage == {"input": 1, "web_searches": searches}


@pytest.mark.parametrize("candidates", [[CUT], [{"index": 0} | CUT, {"finishReason": "STOP"}]])
def test_an_answer_that_was_cut_is_complete(candidates: list[Any]) -> None:
    state = Gemini()
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 1}
    state.read_document({"candidates": candidates, "usageMetadata": usage})
    facts = state.finish(may_estimate=True)
    assert (facts.usage, facts.ended) == ({"input": 10, "output": 1}, True)


@pytest.mark.parametrize("model", ["gemini-2.5-pro", "gemini-3-pro"])
def test_where_it_is_not_known_whether_it_searched_the_usage_is_estimated(model: str) -> None:
    state = Gemini()
    grounded = {"finishReason": "STOP", "groundingMetadata": CUT}
    usage = {"promptTokenCount": 1}
    state.read_document({"modelVersion": model, "candidates": [grounded], "usageMetadata": usage})
    assert state.finish(may_estimate=True).usage == {"input": 1, "estimated": True}


def test_a_blocked_prompt_ends_it() -> None:
    state = Gemini()
    state.read_document({"promptFeedback": {"blockReason": "SAFETY"}})
    facts = state.finish(may_estimate=True)
    assert (facts.finish_reason, facts.ended, facts.usage) == ("SAFETY", True, None)


def test_an_error_and_a_tier() -> None:
    state = Gemini()
    state.read_event(answer({"text": "a"}, usageMetadata={"serviceTier": "FLEX"}))
    error = {"code": 503, "status": "UNAVAILABLE", "message": "no"}
    state.read_event(Event(json.dumps({"error": error}).encode()))
    facts = state.finish(may_estimate=True)
    assert (facts.error, facts.failed, facts.service_tier) == ("UNAVAILABLE: no", True, "flex")


def test_who_asks_is_among_the_labels() -> None:
    assert Gemini().read_request({"labels": {"user": "u"}}).user == "u"


def test_what_a_call_is_made_of_is_text() -> None:
    state = Gemini()
    state.read_event(answer({"functionCall": {"name": "find", "args": {"city": ["Oslo", 1]}}}))
    assert state.finish(may_estimate=True).usage == {"output": 3, "estimated": True}
