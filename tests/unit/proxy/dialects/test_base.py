import pytest

from proxy.dialects import DIALECTS, dialect_state
from proxy.dialects.anthropic_messages import AnthropicMessages
from proxy.dialects.base import DialectState, ResponseFacts
from proxy.dialects.openai_chat import OpenAIChat
from proxy.dialects.unknown import UnknownJson
from proxy.sse import Event

STATES = [*{state for _, _, state in DIALECTS}, UnknownJson]


@pytest.mark.parametrize(
    ("family", "path", "state"),
    [
        ("openai", "/v1/chat/completions", OpenAIChat),
        ("openai", "/openai/deployments/x/chat/completions?api-version=1", OpenAIChat),
        ("openai", "/v1/chat/completions/", OpenAIChat),
        ("openai", "/v1/embeddings", UnknownJson),
        ("openai", "/v1/messages", UnknownJson),
        ("anthropic", "/v1/messages", AnthropicMessages),
        ("anthropic", "/v1/messages/count_tokens", UnknownJson),
        ("raw", "/v1/chat/completions", UnknownJson),
        ("nobody", "", UnknownJson),
    ],
)
def test_which_dialect_reads_a_path(family: str, path: str, state: type) -> None:
    assert type(dialect_state(family, path)) is state


@pytest.mark.parametrize("state", STATES)
def test_every_state_begins_with_nothing(state: type[DialectState]) -> None:
    fresh = state()
    assert (fresh.ended, fresh.malformed_total) == (False, 0)
    assert fresh.finish(may_estimate=True) == ResponseFacts()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"null", b"3", b"{}", b'"\xff"', b"{" * 2000])
def test_every_state_takes_any_event(state: type[DialectState], data: bytes) -> None:
    fresh = state()
    assert fresh.read_event(Event(data)) is False
    assert fresh.finish(may_estimate=True).usage is None


@pytest.mark.parametrize("state", STATES)
def test_two_exchanges_share_nothing(state: type[DialectState]) -> None:
    one, other = state(), state()
    one.read_document({"model": "m", "id": "i"})
    assert one.finish(may_estimate=True).model == "m"
    assert other.finish(may_estimate=True).model is None
