"""OpenAI's embeddings: no stream, no answer in words; the prompt is all that is billed."""

from typing import ClassVar

from proxy.dialects.base import SILENT, Document, RequestFacts, ResponseFacts
from proxy.dialects.estimate import prompt_bytes, tokens
from proxy.dialects.fields import count, error_of, mapping, text, user_of
from proxy.dialects.openai_usage import read_usage, reported_cost
from proxy.sse import Event


class OpenAIEmbeddings:
    """One list of embeddings."""

    __slots__ = ("_embedded", "_facts", "_prompt_bytes", "malformed_total")

    marks_end: ClassVar[bool] = False

    def __init__(self) -> None:
        self._embedded = False
        self._facts = ResponseFacts()
        self._prompt_bytes: int | None = None
        self.malformed_total = 0

    @property
    def ended(self) -> bool:
        """False: it is never a stream."""
        return False

    def read_request(self, document: Document, unread_bytes: int = 0) -> RequestFacts:
        """Model and user."""
        self._prompt_bytes = unread_bytes + prompt_bytes(document.get("input"))
        return RequestFacts(text(document.get("model")), user=user_of(document))

    def read_event(self, event: Event) -> int:
        """Nothing: it is never a stream."""
        return SILENT

    def read_document(self, document: Document) -> None:
        """The embeddings, or an error."""
        facts = self._facts
        facts.model = text(document.get("model"))
        facts.provider_id = text(document.get("id"))
        usage = mapping(document.get("usage"))
        facts.usage = read_usage(usage)
        if facts.usage is None and (total := count(usage.get("total_tokens"))) is not None:
            facts.usage = {"input": total}
        facts.reported_cost_nano_usd = reported_cost(usage)
        self._embedded = "data" in document or "model" in document
        if error := document.get("error"):
            facts.error = error_of(error)
            facts.failed = True

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """All that was seen; where no usage came, the prompt's is estimated from its text."""
        facts = self._facts
        if facts.usage is None and self._embedded and self._prompt_bytes and may_estimate:
            facts.usage = {"input": tokens(self._prompt_bytes), "estimated": True}
        return facts
