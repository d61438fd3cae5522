"""OpenAI's responses.

Streaming: each event names its `type` in its data. `response.created` and others carry the response
so far; deltas bring text, tool calls and reasoning; `response.completed`, `response.incomplete` or
`response.failed` carries the whole response with its usage and ends the stream, without `[DONE]`.
An `error` event ends it as well. Searches are not in the usage: the calls are among the output, of
which each item has come in an event of its own before. Some servers tell their number besides, in
`tool_usage`: it is asked where an output is too large to be counted.
"""

from typing import Any, ClassVar, Final

from proxy.dialects.base import SHOWN, SILENT, THOUGHT, Document, RequestFacts, ResponseFacts
from proxy.dialects.estimate import estimated_usage, prompt_bytes, utf8_bytes
from proxy.dialects.fields import count, error_of, is_cut, items, load, mapping, text, user_of
from proxy.dialects.openai_usage import read_usage, reported_cost
from proxy.sse import Event

ENDS: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})
REFUSAL: Final = "refusal"
REFUSED: Final = "response.refusal.delta"
THOUGHTS = frozenset({"response.reasoning_text.delta", "response.reasoning_summary_text.delta"})
DELTA: Final = ".delta"
MEDIA_DELTAS: Final = frozenset({"response.audio.delta", "response.output_audio.delta"})
SEARCH: Final = "web_search"


class OpenAIResponses:
    """One response."""

    __slots__ = (
        "_began",
        "_facts",
        "_output_bytes",
        "_prompt_bytes",
        "_refused",
        "_searches",
        "_uncounted",
        "malformed_total",
    )

    marks_end: ClassVar[bool] = True

    def __init__(self) -> None:
        self._began = False
        self._facts = ResponseFacts()
        self._output_bytes = 0
        self._prompt_bytes: int | None = None
        self._refused = False
        self._searches = 0
        self._uncounted = False
        self.malformed_total = 0

    @property
    def ended(self) -> bool:
        """Whether the event that carries the whole response came."""
        return self._facts.ended

    def read_request(self, document: Document, unread_bytes: int = 0) -> RequestFacts:
        """Model, stream flag and user."""
        asked = [document.get("input"), document.get("instructions")]
        self._prompt_bytes = unread_bytes + prompt_bytes(asked)
        return RequestFacts(
            text(document.get("model")),
            stream=document.get("stream") is True,
            user=user_of(document),
        )

    def read_event(self, event: Event) -> int:
        """One event, of whatever type."""
        body = load(event.data)
        if not isinstance(body, dict):
            self.malformed_total += 1
            return SILENT
        kind = body.get("type")
        if not isinstance(kind, str):
            self._read_error_in(body)
            return SILENT
        if kind.endswith(DELTA):
            return self._read_delta(kind, body)
        if kind in ENDS:
            self._read_response(mapping(body.get("response")))
            self._facts.ended = True
        elif kind == "response.output_item.done":
            self._read_item(body.get("item"))
        elif kind == "error":
            self._fail(body.get("error") or body)
            self._facts.ended = True
        elif "response" in body:
            self._read_response(mapping(body.get("response")))
        return SILENT

    def text_in(self, document: Document) -> str | None:
        """What a delta brings, unless it is a medium."""
        kind = document.get("type")
        if not isinstance(kind, str) or not kind.endswith(DELTA) or kind in MEDIA_DELTAS:
            return None
        return text(document.get("delta"))

    def add_text(self, text_bytes: int) -> None:
        """Count so much more text."""
        self._output_bytes += text_bytes

    def read_document(self, document: Document) -> None:
        """A whole response, or an error."""
        self._read_response(document)
        if is_cut(document.get("output")) and _searches_told(document) is None:
            self._uncounted = _may_search(document.get("tools"))

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """All that was seen; a response that began and told no usage has it estimated."""
        facts = self._facts
        if facts.usage is None and self._began and self._output_bytes and may_estimate:
            facts.usage = estimated_usage(self._output_bytes, self._prompt_bytes)
        if facts.usage is not None and self._searches:
            facts.usage["web_searches"] = self._searches
        if facts.usage is not None and self._uncounted:
            facts.usage["estimated"] = True
        if self._refused and facts.finish_reason in (None, "completed"):
            facts.finish_reason = REFUSAL
        return facts

    def _read_delta(self, kind: str, body: Document) -> int:
        self._began = True
        if kind in MEDIA_DELTAS:
            return SHOWN
        delta_bytes = utf8_bytes(body.get("delta"))
        self._output_bytes += delta_bytes
        if kind == REFUSED:
            self._refused = True
        if not delta_bytes:
            return SILENT
        return THOUGHT if kind in THOUGHTS else SHOWN

    def _read_response(self, response: Document) -> None:
        facts = self._facts
        self._began = True
        facts.model = text(response.get("model")) or facts.model
        facts.provider_id = facts.provider_id or text(response.get("id"))
        facts.service_tier = text(response.get("service_tier")) or facts.service_tier
        usage = mapping(response.get("usage"))
        if usage:
            facts.usage = read_usage(usage) or facts.usage
            facts.reported_cost_nano_usd = reported_cost(usage)
        self._read_output(response)
        status = text(response.get("status"))
        if status not in (None, "in_progress", "queued"):
            reason = text(mapping(response.get("incomplete_details")).get("reason"))
            facts.finish_reason = reason or status
        self._read_error_in(response)

    def _read_output(self, response: Document) -> None:
        """All items so far, those that were told one by one among them; unless it was cut."""
        told, self._searches = self._searches, 0
        output = items(response.get("output"))
        for item in output:
            self._read_item(item)
        if is_cut(output):
            told = max(told, _searches_told(response) or 0)
        self._searches = max(self._searches, told)

    def _read_item(self, item: Any) -> None:
        """A search is billed; opening one of its pages is not."""
        entry = mapping(item)
        kind = entry.get("type")
        if kind == "web_search_call":
            self._searches += mapping(entry.get("action")).get("type", "search") == "search"
        elif kind == "message":
            for part in items(entry.get("content")):
                self._refused = self._refused or mapping(part).get("type") == REFUSAL

    def _read_error_in(self, body: Document) -> None:
        if error := body.get("error"):
            self._fail(error)

    def _fail(self, error: Any) -> None:
        self._facts.error = error_of(error) or "error"
        self._facts.failed = True


def _searches_told(response: Document) -> int | None:
    used = mapping(mapping(response.get("tool_usage")).get("web_search"))
    return count(used.get("num_requests"))


def _may_search(tools: Any) -> bool:
    """Whether one of the tools at hand searches, or it is not known which ones there were."""
    kinds = [text(mapping(tool).get("type")) or SEARCH for tool in items(tools)]
    return not isinstance(tools, list) or any(kind.startswith(SEARCH) for kind in kinds)
