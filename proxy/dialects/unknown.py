"""Any other API: what most of them call by the same name is read.

Nothing is known of an end mark, nor of which events are visible; an `error` is taken down, but only
the status says whether the call failed. Usage is read where it has one of its usual names: that of
OpenAI, Cohere's `meta.billed_units`, or Ollama's counts; the last one of a stream counts. A total
alone does not say how much of it was generated: it counts as the prompt's, marked `estimated`, so
that sums of tokens are right; a model whose output has a price of its own then has no known cost.
"""

from typing import ClassVar

from proxy.dialects.base import SILENT, Document, RequestFacts, ResponseFacts
from proxy.dialects.fields import count, error_of, load, mapping, text, usage_of, user_of
from proxy.dialects.openai_usage import read_usage, reported_cost
from proxy.sse import Event


class UnknownJson:
    """One exchange of which only the common names are read."""

    __slots__ = ("_facts", "malformed_total")

    marks_end: ClassVar[bool] = False

    def __init__(self) -> None:
        self._facts = ResponseFacts()
        self.malformed_total = 0

    @property
    def ended(self) -> bool:
        """False: no end mark is known."""
        return False

    def read_request(self, document: Document, unread_bytes: int = 0) -> RequestFacts:
        """Model, stream flag and user, where they have their usual names."""
        return RequestFacts(
            text(document.get("model")),
            stream=document.get("stream") is True,
            user=user_of(document),
        )

    def read_event(self, event: Event) -> int:
        """Looks for usage, and for a model until there is one; never visible."""
        data = event.data
        if b'"usage"' in data or (self._facts.model is None and b'"model"' in data):
            self.read_document(mapping(load(data)))
        return SILENT

    def read_document(self, document: Document) -> None:
        """Model, id, usage and error, where they have their usual names."""
        facts = self._facts
        facts.model = facts.model or text(document.get("model"))
        facts.provider_id = facts.provider_id or text(document.get("id"))
        facts.error = facts.error or error_of(document.get("error"))
        facts.usage = _usage(document) or facts.usage
        facts.reported_cost_nano_usd = (
            reported_cost(mapping(document.get("usage"))) or facts.reported_cost_nano_usd
        )

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """What was seen; nothing is estimated."""
        return self._facts


def _usage(document: Document) -> dict[str, int | bool] | None:
    usage = mapping(document.get("usage"))
    found = read_usage(usage)
    if found is None and (total := count(usage.get("total_tokens"))) is not None:
        found = {"input": total, "estimated": True}
    if found is None and "meta" in document:
        found = read_usage(mapping(mapping(document.get("meta")).get("billed_units")))
    if found is None and "eval_count" in document:
        found = usage_of(
            input=count(document.get("prompt_eval_count")), output=count(document.get("eval_count"))
        )
    return found
