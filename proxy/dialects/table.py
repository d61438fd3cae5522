"""Which dialect a call is read in: by the end of its path, and by whose API it belongs to.

A row is the end of the path and the state. Azure's `/openai/deployments/{name}/…` ends like
OpenAI's own paths. Google's Vertex relays other makers' APIs as they are, by `:rawPredict` and
`:streamRawPredict`; the publisher in the path says whose it is.
"""

from collections.abc import Callable
from functools import lru_cache

from proxy.dialects.anthropic_messages import AnthropicMessages
from proxy.dialects.base import DialectState
from proxy.dialects.gemini import Gemini
from proxy.dialects.ollama import Ollama
from proxy.dialects.openai_audio import OpenAIAudio
from proxy.dialects.openai_chat import OpenAIChat
from proxy.dialects.openai_completions import OpenAICompletions
from proxy.dialects.openai_embeddings import OpenAIEmbeddings
from proxy.dialects.openai_images import OpenAIImages
from proxy.dialects.openai_responses import OpenAIResponses
from proxy.dialects.paths import publisher_in
from proxy.dialects.rerank import Rerank
from proxy.dialects.unbilled import Unbilled
from proxy.dialects.unknown import UnknownJson

RAW = "raw"
DIALECTS: list[tuple[str, Callable[[], DialectState]]] = [
    ("/chat/completions", OpenAIChat),
    ("/completions", OpenAICompletions),
    ("/responses", OpenAIResponses),
    ("/responses/compact", OpenAIResponses),
    ("/responses/input_tokens", Unbilled),
    ("/images/generations", OpenAIImages),
    ("/images/edits", OpenAIImages),
    ("/images/variations", OpenAIImages),
    ("/audio/transcriptions", OpenAIAudio),
    ("/audio/translations", OpenAIAudio),
    ("/audio/speech", OpenAIAudio),
    ("/v1/messages", AnthropicMessages),
    ("/messages/count_tokens", Unbilled),
    ("/api/chat", Ollama),
    ("/api/generate", Ollama),
    ("/api/embed", Ollama),
    ("/api/embeddings", Ollama),
    ("/embeddings", OpenAIEmbeddings),
    ("/rerank", Rerank),
    (":generateContent", Gemini),
    (":streamGenerateContent", Gemini),
    (":countTokens", Unbilled),
    ("/files", Unbilled),
    ("/batches", Unbilled),
    ("/cancel", Unbilled),
    ("/count-tokens:rawPredict", Unbilled),
]
PUBLISHERS: dict[str, Callable[[], DialectState]] = {
    "anthropic": AnthropicMessages,
    "mistralai": OpenAIChat,
}
"""Whose API a `rawPredict` of Vertex speaks (cloud.google.com/vertex-ai, "Partner models")."""


def dialect_state(family: str, path: str, method: str = "POST") -> DialectState:
    """A fresh state for a call to this path of this family's API; a query does not matter.

    Only a POST makes an answer of its own: other methods show or delete what others have made.
    """
    return Unbilled() if method != "POST" else _state_of(family, path.partition("?")[0])()


@lru_cache(1024)
def _state_of(family: str, path: str) -> Callable[[], DialectState]:
    path = path.rstrip("/")
    if family != RAW:
        for suffix, state in DIALECTS:
            if path.endswith(suffix):
                return state
        if (published := PUBLISHERS.get(publisher_in(path))) is not None:
            return published
    if family == "anthropic" and path.endswith("/messages"):
        return AnthropicMessages
    return UnknownJson
