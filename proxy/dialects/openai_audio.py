"""OpenAI's audio: speech to text and text to speech.

Recognized speech comes as JSON, or streamed as `transcript.text.delta` and `transcript.text.done`;
it is billed by tokens or by the second. Speech comes as sound, of which nothing is read, or as
`speech.audio.delta` and `speech.audio.done` events.
"""

from typing import ClassVar, Final

from proxy.dialects.base import SHOWN, SILENT, Document, RequestFacts, ResponseFacts
from proxy.dialects.fields import error_of, load, mapping, text, user_of
from proxy.dialects.openai_usage import read_usage, reported_cost
from proxy.sse import Event

DELTAS: Final = frozenset({"transcript.text.delta", "speech.audio.delta"})
DONE: Final = frozenset({"transcript.text.done", "speech.audio.done"})
MAX_SECONDS: Final = 10**6


class OpenAIAudio:
    """One transcription, translation or speech."""

    __slots__ = ("_facts", "malformed_total")

    marks_end: ClassVar[bool] = True

    def __init__(self) -> None:
        self._facts = ResponseFacts()
        self.malformed_total = 0

    @property
    def ended(self) -> bool:
        """Whether the event came that carries the usage."""
        return self._facts.ended

    def read_request(self, document: Document, unread_bytes: int = 0) -> RequestFacts:
        """Model and stream flag, from a form's fields too."""
        stream = document.get("stream") in (True, "true") or document.get("stream_format") == "sse"
        return RequestFacts(text(document.get("model")), stream=stream, user=user_of(document))

    def read_event(self, event: Event) -> int:
        """One event; sound and text are visible."""
        body = load(event.data)
        if not isinstance(body, dict):
            self.malformed_total += 1
            return SILENT
        kind = text(body.get("type"))
        if kind in DELTAS:
            return SHOWN if body.get("delta") or body.get("audio") else SILENT
        self._read_common(body, spoken=kind == "speech.audio.done")
        if kind in DONE:
            self._facts.ended = True
        return SILENT

    def read_document(self, document: Document) -> None:
        """What was heard, or an error."""
        self._read_common(document, spoken=False)
        if self._facts.usage is None:
            self._facts.usage = _heard(document.get("duration"))

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """All that was seen."""
        return self._facts

    def _read_common(self, body: Document, *, spoken: bool) -> None:
        facts = self._facts
        facts.model = text(body.get("model")) or facts.model
        usage = mapping(body.get("usage"))
        if usage:
            facts.usage = read_usage(usage) or _heard(usage.get("seconds")) or facts.usage
            facts.reported_cost_nano_usd = reported_cost(usage)
            if spoken and facts.usage is not None and "output" in facts.usage:
                facts.usage.setdefault("audio_output", facts.usage["output"])
        if error := body.get("error"):
            facts.error = error_of(error)
            facts.failed = True


def _heard(seconds: object) -> dict[str, int | bool] | None:
    """How much sound was listened to."""
    if not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_SECONDS:
        return None
    return {"audio_input_ms": round(seconds * 1000)}
