"""Which dialect a call is read in."""

import pytest

from proxy.dialects.anthropic_messages import AnthropicMessages
from proxy.dialects.gemini import Gemini
from proxy.dialects.ollama import Ollama
from proxy.dialects.openai_audio import OpenAIAudio
from proxy.dialects.openai_chat import OpenAIChat
from proxy.dialects.openai_completions import OpenAICompletions
from proxy.dialects.openai_embeddings import OpenAIEmbeddings
from proxy.dialects.openai_images import OpenAIImages
from proxy.dialects.openai_responses import OpenAIResponses
from proxy.dialects.table import dialect_state
from proxy.dialects.unbilled import Unbilled
from proxy.dialects.unknown import UnknownJson


@pytest.mark.parametrize(
    ("family", "path", "state"),
    [
        ("openai", "/v1/chat/completions", OpenAIChat),
        ("openai", "/openai/deployments/x/chat/completions?api-version=1", OpenAIChat),
        ("openai", "/v1/chat/completions/", OpenAIChat),
        ("openai", "/v1/completions", OpenAICompletions),
        ("openai", "/openai/deployments/x/completions", OpenAICompletions),
        ("openai", "/v1/responses", OpenAIResponses),
        ("openai", "/v1/responses/compact", OpenAIResponses),
        ("openai", "/v1/responses/input_tokens", Unbilled),
        ("openai", "/v1/responses/resp_1/cancel", Unbilled),
        ("openai", "/v1/embeddings", OpenAIEmbeddings),
        ("openai", "/v1/images/edits", OpenAIImages),
        ("openai", "/v1/audio/speech", OpenAIAudio),
        ("openai", "/v1/files", Unbilled),
        ("openai", "/v1/batches", Unbilled),
        ("openai", "/v1/moderations", UnknownJson),
        ("openai", "/v1/messages", AnthropicMessages),
        ("openai", "/v1/threads/t/messages", UnknownJson),
        ("anthropic", "/v1/messages", AnthropicMessages),
        ("anthropic", "/messages", AnthropicMessages),
        ("anthropic", "/v1/chat/completions", OpenAIChat),
        ("anthropic", "/v1/messages/count_tokens", Unbilled),
        ("anthropic", "/v1/messages/batches", Unbilled),
        ("gemini", "/v1beta/models/g:generateContent", Gemini),
        ("gemini", "/v1beta/models/g:streamGenerateContent?alt=sse", Gemini),
        ("gemini", "/v1beta/models/g:countTokens", Unbilled),
        ("gemini", "/v1beta/openai/chat/completions", OpenAIChat),
        ("openai", "/api/chat", Ollama),
        ("openai", "/api/generate", Ollama),
        ("openai", "/api/embeddings", Ollama),
        ("raw", "/v1/chat/completions", UnknownJson),
        ("nobody", "", UnknownJson),
    ],
)
def test_which_dialect_reads_a_path(family: str, path: str, state: type) -> None:
    assert type(dialect_state(family, path)) is state


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_only_a_post_makes_an_answer_of_its_own(method: str) -> None:
    assert type(dialect_state("openai", "/v1/responses", method)) is Unbilled
