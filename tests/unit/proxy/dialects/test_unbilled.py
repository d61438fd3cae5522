from proxy.dialects.unbilled import Unbilled


def test_what_it_shows_of_another_call_is_not_counted() -> None:
    state = Unbilled()
    usage = {"input_tokens": 3, "output_tokens": 4, "cost": 0.25}
    state.read_document({"id": "resp_1", "model": "m", "usage": usage})
    facts = state.finish(may_estimate=True)
    assert (facts.provider_id, facts.model) == ("resp_1", "m")
    assert (facts.usage, facts.reported_cost_nano_usd) == (None, None)


def test_its_errors_are_taken_down() -> None:
    state = Unbilled()
    state.read_document({"error": {"type": "t", "message": "no"}})
    assert state.finish(may_estimate=True).error == "t: no"
    assert not state.marks_end
