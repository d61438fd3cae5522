"""Any other API: what most of them call by the same name is read, usage is not.

Nothing is known of an end mark, nor of which events are visible; an `error` is taken down, but only
the status says whether the call failed.
"""

from typing import ClassVar

from proxy.dialects.base import Document, RequestFacts, ResponseFacts
from proxy.dialects.fields import error_of, load, mapping, text, user_of
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

    def read_request(self, document: Document) -> RequestFacts:
        """Model, stream flag and user, where they have their usual names."""
        return RequestFacts(
            text(document.get("model")), document.get("stream") is True, user_of(document)
        )

    def read_event(self, event: Event) -> bool:
        """Looks for a model until there is one; never visible."""
        if self._facts.model is None and b'"model"' in event.data:
            self.read_document(mapping(load(event.data)))
        return False

    def read_document(self, document: Document) -> None:
        """Model, id and error, where they have their usual names."""
        self._facts.model = self._facts.model or text(document.get("model"))
        self._facts.provider_id = self._facts.provider_id or text(document.get("id"))
        self._facts.error = self._facts.error or error_of(document.get("error"))

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """What was seen, without usage."""
        return self._facts
