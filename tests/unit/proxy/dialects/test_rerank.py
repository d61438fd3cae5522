import pytest

from proxy.dialects.rerank import Rerank
from proxy.dialects.table import dialect_state


@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank", "/rerank/"])
def test_a_total_of_tokens_is_the_prompts(path: str) -> None:
    state = dialect_state("openai", path)
    state.read_document({"model": "r", "usage": {"total_tokens": 15}, "results": []})
    facts = state.finish(may_estimate=True)
    assert (facts.model, facts.usage) == ("r", {"input": 15})


def test_without_usage_nothing_is_counted() -> None:
    state = Rerank()
    state.read_document({"results": []})
    assert state.finish(may_estimate=True).usage is None
