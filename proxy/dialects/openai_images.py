"""OpenAI's images: made, edited or varied; the answer's tokens are those of images.

Streaming: `…partial_image` events, then one `…completed` for each image, with the usage. Models
that are billed by the image report no tokens: the images are counted.
"""

from typing import Any, ClassVar, Final

from proxy.dialects.base import SHOWN, SILENT, Document, RequestFacts, ResponseFacts
from proxy.dialects.fields import error_of, items, load, mapping, text, user_of
from proxy.dialects.openai_usage import read_usage, reported_cost
from proxy.sse import Event

PARTIAL: Final = ".partial_image"
COMPLETED: Final = ".completed"


class OpenAIImages:
    """One request for images."""

    __slots__ = ("_facts", "_images", "malformed_total")

    marks_end: ClassVar[bool] = True

    def __init__(self) -> None:
        self._facts = ResponseFacts()
        self._images = 0
        self.malformed_total = 0

    @property
    def ended(self) -> bool:
        """False: another image may follow."""
        return False

    def read_request(self, document: Document, unread_bytes: int = 0) -> RequestFacts:
        """Model, stream flag and user."""
        stream = document.get("stream") in (True, "true")
        return RequestFacts(text(document.get("model")), stream=stream, user=user_of(document))

    def read_event(self, event: Event) -> int:
        """One event; an image, whole or in part, is visible."""
        body = load(event.data)
        if not isinstance(body, dict):
            self.malformed_total += 1
            return SILENT
        kind = text(body.get("type")) or ""
        self._read_common(body)
        if kind.endswith(COMPLETED):
            self._images += 1
            self._facts.ended = True
            return SHOWN
        return SHOWN if kind.endswith(PARTIAL) else SILENT

    def read_document(self, document: Document) -> None:
        """The images, or an error."""
        self._images = len(items(document.get("data")))
        self._read_common(document)

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """All that was seen."""
        facts = self._facts
        if self._images:
            facts.usage = (facts.usage or {}) | {"images": self._images}
        return facts

    def _read_common(self, body: Document) -> None:
        facts = self._facts
        facts.model = text(body.get("model")) or facts.model
        usage = mapping(body.get("usage"))
        if usage:
            facts.usage = _all_images(read_usage(usage)) or facts.usage
            facts.reported_cost_nano_usd = reported_cost(usage)
        if error := body.get("error"):
            facts.error = error_of(error)
            facts.failed = True


def _all_images(usage: dict[str, Any] | None) -> dict[str, Any] | None:
    """Where it is not said what the answer's tokens are of, they are of images."""
    if usage is not None and "output" in usage:
        usage.setdefault("image_output", usage["output"])
    return usage
