from proxy.dialects.base import RequestFacts
from proxy.dialects.unknown import UnknownJson
from proxy.sse import Event


def test_a_request_with_the_usual_names() -> None:
    facts = UnknownJson().read_request({"model": "m", "stream": True, "user": "u"})
    assert facts == RequestFacts("m", stream=True, user="u")


def test_a_document_is_recorded_without_usage() -> None:
    state = UnknownJson()
    state.read_document({"model": "m", "id": "i", "usage": {"prompt_tokens": 1}, "error": None})
    facts = state.finish(may_estimate=True)
    assert (facts.model, facts.provider_id, facts.usage, facts.error) == ("m", "i", None, None)


def test_an_error_is_taken_down_and_left_to_the_status() -> None:
    state = UnknownJson()
    state.read_document({"error": {"type": "t", "message": "no"}})
    facts = state.finish(may_estimate=True)
    assert (facts.error, facts.failed) == ("t: no", False)


def test_a_stream_is_searched_for_its_model_alone() -> None:
    state = UnknownJson()
    for data in (b'{"x": 1}', b'["model"]', b'{"model": "m"}', b'{"model": "other"}'):
        assert state.read_event(Event(data)) is False
    assert state.finish(may_estimate=True).model == "m"
    assert not state.ended
    assert not state.marks_end
