from typing import Any

import pytest

from proxy.dialects.base import SILENT, RequestFacts
from proxy.dialects.unknown import UnknownJson
from proxy.sse import Event


def test_a_request_with_the_usual_names() -> None:
    facts = UnknownJson().read_request({"model": "m", "stream": True, "user": "u"})
    assert facts == RequestFacts("m", stream=True, user="u")


def test_a_document_with_the_usual_names() -> None:
    state = UnknownJson()
    state.read_document({"model": "m", "id": "i", "usage": {"cost": 0.5}, "error": None})
    facts = state.finish(may_estimate=True)
    assert (facts.model, facts.provider_id, facts.usage, facts.error) == ("m", "i", None, None)
    assert facts.reported_cost_nano_usd == 500_000_000


@pytest.mark.parametrize(
    ("document", "usage"),
    [
        ({"usage": {"prompt_tokens": 1, "completion_tokens": 2}}, {"input": 1, "output": 2}),
        ({"usage": {"input_tokens": 1, "output_tokens": 2}}, {"input": 1, "output": 2}),
        ({"usage": {"total_tokens": 3}}, {"input": 3, "estimated": True}),
        (
            {"meta": {"billed_units": {"input_tokens": 4, "output_tokens": 5}}},
            {"input": 4, "output": 5},
        ),
        ({"prompt_eval_count": 6, "eval_count": 7}, {"input": 6, "output": 7}),
        ({"usage": 3, "meta": [], "eval_count": "7"}, None),
        ({}, None),
    ],
)
def test_usage_where_it_has_a_usual_name(
    document: dict[str, Any], usage: dict[str, int] | None
) -> None:
    state = UnknownJson()
    state.read_document(document)
    assert state.finish(may_estimate=True).usage == usage


def test_an_error_is_taken_down_and_left_to_the_status() -> None:
    state = UnknownJson()
    state.read_document({"error": {"type": "t", "message": "no"}})
    facts = state.finish(may_estimate=True)
    assert (facts.error, facts.failed) == ("t: no", False)


def test_a_stream_is_searched_for_its_model_and_its_last_usage() -> None:
    state = UnknownJson()
    usages = (b'{"usage": {"input_tokens": %d}}' % tokens for tokens in (1, 2))
    for data in (b'{"x": 1}', b'["model"]', b'{"model": "m"}', b'{"model": "other"}', *usages):
        assert state.read_event(Event(data)) == SILENT
    facts = state.finish(may_estimate=True)
    assert (facts.model, facts.usage) == ("m", {"input": 2})
    assert not state.ended
    assert not state.marks_end
