"""Anthropic's messages.

Streaming: `message_start` (model, id, the prompt's tokens), content blocks, `message_delta` (stop
reason and cumulative usage, whose fields replace those told before), `message_stop`; an `error`
event may come at any time. `input_tokens` count neither what was read from a cache nor what was
written to one, so the three are added up here. The tier is the one that sets the price: `fast`
where that speed was billed, `geo_us` where that region was, else the service tier.
"""

from typing import Any, ClassVar, Final

from proxy.dialects.base import SHOWN, SILENT, THOUGHT, Document, RequestFacts, ResponseFacts
from proxy.dialects.estimate import estimated_usage, prompt_bytes, tokens, utf8_bytes
from proxy.dialects.fields import count, error_of, items, load, mapping, text, usage_of, user_of
from proxy.sse import Event

PING: Final = b"ping"
SHOWN_DELTAS: Final = {"text_delta": "text", "input_json_delta": "partial_json"}
_COUNTS: Final = (
    "input_tokens",
    "output_tokens",
    "cache_creation_input_tokens",
    "cache_read_input_tokens",
)


class AnthropicMessages:
    """One message."""

    __slots__ = ("_counts", "_facts", "_final", "_output_bytes", "_prompt_bytes", "malformed_total")

    marks_end: ClassVar[bool] = True

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._facts = ResponseFacts()
        self._final = False
        self._output_bytes = 0
        self._prompt_bytes: int | None = None
        self.malformed_total = 0

    @property
    def ended(self) -> bool:
        """Whether `message_stop` came."""
        return self._facts.ended

    def read_request(self, document: Document, unread_bytes: int = 0) -> RequestFacts:
        """Model, stream flag and user."""
        asked = [document.get("system"), document.get("messages")]
        self._prompt_bytes = unread_bytes + prompt_bytes(asked)
        return RequestFacts(
            text(document.get("model")),
            stream=document.get("stream") is True,
            user=user_of(document),
        )

    def read_event(self, event: Event) -> int:
        """One event; text and tool calls are visible."""
        if event.name == PING:
            return SILENT
        body = load(event.data)
        if not isinstance(body, dict):
            self.malformed_total += 1
            return SILENT
        kind = body.get("type")
        if kind == "content_block_delta":
            return self._read_delta(mapping(body.get("delta")))
        if kind == "content_block_start":
            return self._read_block(mapping(body.get("content_block")))
        if kind == "message_start":
            self._read_message(mapping(body.get("message")))
        elif kind == "message_delta":
            self._read_message_delta(body)
        elif kind == "message_stop":
            self._facts.ended = True
        elif kind == "error" or event.name == b"error":
            self._read_error(body)
        return SILENT

    def text_in(self, document: Document) -> str | None:
        """The text of a delta, or what it brings of a tool call or a thought."""
        if document.get("type") != "content_block_delta":
            return None
        delta = mapping(document.get("delta"))
        return text(delta.get(SHOWN_DELTAS.get(_name(delta.get("type")), "thinking")))

    def add_text(self, text_bytes: int) -> None:
        """Count so much more text."""
        self._output_bytes += text_bytes

    def read_document(self, document: Document) -> None:
        """A whole message, or an error."""
        if document.get("type") == "error" or "error" in document:
            self._read_error(document)
            return
        self._read_message(document)
        for block in items(document.get("content")):
            self._read_block(mapping(block))
        self._final = True

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """All that was seen; without the closing counts the answer's tokens are estimated.

        So are the prompt's where an answer began and no count of it came at all.

        Where that is not allowed, the answer's tokens are left out: those told at the start of a
        stream are of its first token alone.
        """
        counts, facts = self._counts, self._facts
        if not counts:
            if self._output_bytes and may_estimate:
                facts.usage = estimated_usage(self._output_bytes, self._prompt_bytes)
            return facts
        output = counts.get("output_tokens")
        estimated = not self._final and may_estimate
        if estimated:
            output = max(output or 0, tokens(self._output_bytes))
        elif not self._final:
            output = None
        facts.usage = usage_of(
            input=_all_input(counts),
            output=output,
            cache_read=counts.get("cache_read_input_tokens"),
            cache_write=counts.get("cache_creation_input_tokens"),
            cache_write_1h=counts.get("ephemeral_1h_input_tokens"),
            reasoning=counts.get("thinking_tokens"),
            web_searches=counts.get("web_search_requests"),
        )
        if estimated and facts.usage is not None:
            facts.usage["estimated"] = True
        return facts

    def _read_delta(self, delta: Document) -> int:
        field = SHOWN_DELTAS.get(_name(delta.get("type")))
        if field is None:
            thought_bytes = utf8_bytes(delta.get("thinking"))
            self._output_bytes += thought_bytes
            return THOUGHT if thought_bytes else SILENT
        shown_bytes = utf8_bytes(delta.get(field))
        self._output_bytes += shown_bytes
        return SHOWN if shown_bytes else SILENT

    def _read_block(self, block: Document) -> int:
        shown_bytes = utf8_bytes(block.get("text"))
        if block.get("type") in ("tool_use", "server_tool_use"):
            shown_bytes += utf8_bytes(block.get("name"))
        self._output_bytes += shown_bytes
        return SHOWN if shown_bytes else SILENT

    def _read_message(self, message: Document) -> None:
        self._facts.model = text(message.get("model")) or self._facts.model
        self._facts.provider_id = text(message.get("id")) or self._facts.provider_id
        self._facts.finish_reason = text(message.get("stop_reason")) or self._facts.finish_reason
        self._read_usage(mapping(message.get("usage")))

    def _read_message_delta(self, body: Document) -> None:
        stop_reason = text(mapping(body.get("delta")).get("stop_reason"))
        self._facts.finish_reason = stop_reason or self._facts.finish_reason
        usage = mapping(body.get("usage"))
        self._read_usage(usage)
        self._final = self._final or count(usage.get("output_tokens")) is not None

    def _read_usage(self, usage: Document) -> None:
        self._take(usage, _COUNTS)
        self._take(mapping(usage.get("cache_creation")), ("ephemeral_1h_input_tokens",))
        self._take(mapping(usage.get("output_tokens_details")), ("thinking_tokens",))
        self._take(mapping(usage.get("server_tool_use")), ("web_search_requests",))
        self._facts.service_tier = _tier(usage) or self._facts.service_tier

    def _take(self, group: Document, names: tuple[str, ...]) -> None:
        for name in names:
            value = count(group.get(name))
            if value is not None:
                self._counts[name] = value

    def _read_error(self, body: Document) -> None:
        self._facts.error = error_of(body.get("error")) or "error"
        self._facts.failed = True


def _tier(usage: Document) -> str | None:
    """What the price depends on beside the model."""
    if usage.get("speed") == "fast":
        return "fast"
    if usage.get("inference_geo") == "us":
        return "geo_us"
    return text(usage.get("service_tier"))


def _name(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _all_input(counts: dict[str, int]) -> int | None:
    """All prompt tokens, those of caches included; None where the plain ones are not known."""
    plain = counts.get("input_tokens")
    if plain is None:
        return None
    written = counts.get("cache_creation_input_tokens", 0)
    return plain + written + counts.get("cache_read_input_tokens", 0)
