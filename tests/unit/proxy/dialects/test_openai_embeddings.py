import pytest

from proxy.dialects.base import RequestFacts
from proxy.dialects.openai_embeddings import OpenAIEmbeddings


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 8, "total_tokens": 8}, {"input": 8}),
        ({"total_tokens": 9}, {"input": 9}),
        (None, {"input": 2, "estimated": True}),
    ],
)
def test_the_prompt_is_all_that_counts(
    usage: dict[str, int] | None, counted: dict[str, int]
) -> None:
    state = OpenAIEmbeddings()
    asked = state.read_request({"model": "e", "input": ["1234", "5678"], "user": "u"})
    assert asked == RequestFacts("e", user="u")
    state.read_document({"model": "e-1", "data": [], "usage": usage})
    facts = state.finish(may_estimate=True)
    assert (facts.model, facts.usage) == ("e-1", counted)


def test_nothing_is_estimated_for_an_error() -> None:
    state = OpenAIEmbeddings()
    state.read_request({"input": "1234"})
    state.read_document({"error": {"message": "no", "type": "t"}})
    facts = state.finish(may_estimate=True)
    assert (facts.usage, facts.error, facts.failed) == (None, "t: no", True)
