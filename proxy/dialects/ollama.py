"""Ollama's own API: chat, generate and embed.

A stream, which is the default, is a series of JSON objects, one a line. Each brings some of the
message (`message.content`, `message.thinking`, `message.tool_calls`) or of the `response`; the last
one has `done` and the counts. `prompt_eval_count` may be absent where the prompt was in a cache. An
error may come as `{"error": "…"}` in place of any of them.
"""

from typing import Any, ClassVar, Final

from proxy.dialects.base import SHOWN, SILENT, THOUGHT, Document, RequestFacts, ResponseFacts
from proxy.dialects.estimate import json_bytes, prompt_bytes, tokens, utf8_bytes
from proxy.dialects.fields import count, error_of, items, load, mapping, text, usage_of, user_of
from proxy.sse import Event

PROMPT_FIELDS: Final = ("messages", "prompt", "system", "input")


class Ollama:
    """One answer, whole or streamed, or one list of embeddings."""

    __slots__ = ("_began", "_facts", "_output_bytes", "_prompt_bytes", "malformed_total")

    marks_end: ClassVar[bool] = True

    def __init__(self) -> None:
        self._began = False
        self._facts = ResponseFacts()
        self._output_bytes = 0
        self._prompt_bytes: int | None = None
        self.malformed_total = 0

    @property
    def ended(self) -> bool:
        """Whether the object that is `done` came."""
        return self._facts.ended

    def read_request(self, document: Document, unread_bytes: int = 0) -> RequestFacts:
        """Model, stream flag and user; embeddings are never streamed."""
        asked = [document.get(name) for name in PROMPT_FIELDS]
        self._prompt_bytes = unread_bytes + prompt_bytes(asked)
        streams = document.get("stream") is not False and "input" not in document
        return RequestFacts(text(document.get("model")), stream=streams, user=user_of(document))

    def read_event(self, event: Event) -> int:
        """One object of the stream."""
        body = load(event.data)
        if not isinstance(body, dict):
            self.malformed_total += 1
            return SILENT
        return self._read(body)

    def read_document(self, document: Document) -> None:
        """A whole answer, or an error."""
        self._read(document)
        self._began = self._began or "embeddings" in document or "embedding" in document

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """All that was seen; what the counts leave out is estimated once there is an answer."""
        facts = self._facts
        if not self._began or not may_estimate:
            return facts
        known = facts.usage or {}
        missing: dict[str, int | bool] = {}
        if "input" not in known and self._prompt_bytes:
            missing["input"] = tokens(self._prompt_bytes)
        if "output" not in known and self._output_bytes:
            missing["output"] = tokens(self._output_bytes)
        if missing:
            facts.usage = known | missing | {"estimated": True}
        return facts

    def _read(self, body: Document) -> int:
        facts = self._facts
        facts.model = facts.model or text(body.get("model"))
        if "eval_count" in body or "prompt_eval_count" in body:
            facts.usage = usage_of(
                input=count(body.get("prompt_eval_count")), output=count(body.get("eval_count"))
            )
        if body.get("done") is True:
            self._began = facts.ended = True
            facts.finish_reason = text(body.get("done_reason"))
        if error := body.get("error"):
            facts.error = error_of(error)
            facts.failed = True
        message = mapping(body.get("message"))
        shown_bytes = utf8_bytes(message.get("content")) + utf8_bytes(body.get("response"))
        for call in items(message.get("tool_calls")):
            shown_bytes += _call_bytes(mapping(mapping(call).get("function")))
        thought_bytes = utf8_bytes(message.get("thinking")) + utf8_bytes(body.get("thinking"))
        self._output_bytes += shown_bytes + thought_bytes
        self._began = self._began or shown_bytes + thought_bytes > 0
        if shown_bytes:
            return SHOWN
        return THOUGHT if thought_bytes else SILENT


def _call_bytes(function: Any) -> int:
    return utf8_bytes(function.get("name")) + json_bytes(function.get("arguments"))
