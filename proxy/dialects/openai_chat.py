"""OpenAI's chat completions, and those of the many servers that speak the same.

Streaming: chunks with `choices[].delta`, then, if the request asked for it, one whose `choices` are
empty and whose `usage` is for the whole request, then `[DONE]`. Other servers send usage with the
last choice, with every chunk (the last one counts), or in `x_groq`; some never send `[DONE]`: a
stream is complete as well once every choice has its `finish_reason` and the usage that was asked
for has come. An error may come as `{"error": …}` in place of any chunk.
"""

from typing import Any, ClassVar, Final

from proxy.dialects.base import SHOWN, SILENT, THOUGHT, Document, RequestFacts, ResponseFacts
from proxy.dialects.estimate import estimated_usage, prompt_bytes, utf8_bytes
from proxy.dialects.fields import error_of, items, load, mapping, text, user_of
from proxy.dialects.openai_usage import read_usage, reported_cost
from proxy.sse import Event

DONE: Final = b"[DONE]"
REFUSAL: Final = "refusal"
MAX_CHOICES: Final = 1024
COMMON: Final = frozenset({"role", "content"})
TELLING: Final = ("usage", "x_groq", "error", "finish_reason")


class OpenAIChat:
    """One chat completion."""

    __slots__ = (
        "_asked",
        "_facts",
        "_finished",
        "_growing",
        "_highest",
        "_output_bytes",
        "_refused",
        "_unread_bytes",
        "_wants_usage",
        "malformed_total",
    )

    marks_end: ClassVar[bool] = True
    prompt_field: ClassVar[str] = "messages"

    def __init__(self) -> None:
        self._facts = ResponseFacts()
        self._finished: set[int] = set()
        self._growing = False
        self._highest = -1
        self._output_bytes = 0
        self._asked: Any = None
        self._unread_bytes: int | None = None
        self._refused = False
        self._wants_usage = False
        self.malformed_total = 0

    @property
    def ended(self) -> bool:
        """Whether `[DONE]` came."""
        return self._facts.ended

    def read_request(self, document: Document, unread_bytes: int = 0) -> RequestFacts:
        """Model, stream flag and user."""
        # Counted only where the answer tells no usage.
        self._asked, self._unread_bytes = document.get(self.prompt_field), unread_bytes
        options = mapping(document.get("stream_options"))
        self._wants_usage = options.get("include_usage") is True
        return RequestFacts(
            text(document.get("model")),
            stream=document.get("stream") is True,
            user=user_of(document),
        )

    def read_event(self, event: Event) -> int:
        """One chunk, an error, or `[DONE]`; what its choices bring together."""
        if event.data.startswith(DONE):
            self._facts.ended = True
            return SILENT
        chunk = load(event.data)
        if not isinstance(chunk, dict):
            self.malformed_total += 1
            return SILENT
        self._read_common(chunk)
        brings = SILENT
        for choice in items(chunk.get("choices")):
            if isinstance(choice, dict):
                brings = max(brings, self._read_choice(choice))
        return brings

    def text_in(self, document: Document) -> str | None:
        """The only choice's text, where the chunk says nothing else."""
        choices = items(document.get("choices"))
        if len(choices) != 1 or any(document.get(name) for name in TELLING):
            return None
        choice = mapping(choices[0])
        return None if any(choice.get(name) for name in TELLING) else self._text_of(choice)

    def add_text(self, text_bytes: int) -> None:
        """Count so much more text."""
        self._output_bytes += text_bytes

    def read_document(self, document: Document) -> None:
        """A whole completion, or an error."""
        self._read_common(document)
        self._growing = False
        for choice in items(document.get("choices")):
            if isinstance(choice, dict):
                self._read_choice(choice)

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """All that was seen; an answer that began and told no usage has it estimated."""
        facts, began = self._facts, self._highest >= 0
        if began and len(self._finished) > self._highest:
            facts.ended = facts.ended or facts.usage is not None or not self._wants_usage
        if facts.usage is not None and self._growing and not facts.ended:
            # Counts that were still growing: at least so much, and nobody knows how much more.
            facts.usage["estimated"] = True
        elif facts.usage is None and began and may_estimate:
            asked_bytes = self._unread_bytes
            if asked_bytes is not None:
                asked_bytes += prompt_bytes(self._asked)
            facts.usage = estimated_usage(self._output_bytes, asked_bytes)
        if self._refused and facts.finish_reason in (None, "stop"):
            facts.finish_reason = REFUSAL
        return facts

    def _read_common(self, body: Document) -> None:
        facts = self._facts
        if facts.model is None:
            facts.model = text(body.get("model"))
        if facts.provider_id is None:
            facts.provider_id = text(body.get("id"))
        if tier := body.get("service_tier"):
            facts.service_tier = text(tier) or facts.service_tier
        if usage := body.get("usage"):
            self._growing = bool(body.get("choices"))
            self._read_usage(mapping(usage))
        elif groq := body.get("x_groq"):
            self._read_usage(mapping(mapping(groq).get("usage")))
            if error := mapping(groq).get("error"):
                self._fail(error)
        if error := body.get("error"):
            self._fail(error)

    def _read_usage(self, usage: Document) -> None:
        facts = self._facts
        facts.usage = read_usage(usage) or facts.usage
        cost = reported_cost(usage)
        facts.reported_cost_nano_usd = facts.reported_cost_nano_usd if cost is None else cost

    def _fail(self, error: Any) -> None:
        self._facts.error = error_of(error)
        self._facts.failed = True

    def _read_choice(self, choice: dict[str, Any]) -> int:
        index = choice.get("index")
        if type(index) is not int or not 0 <= index < MAX_CHOICES:
            index = 0
        if index > self._highest:
            self._highest = index
        if finish_reason := choice.get("finish_reason"):
            self._finished.add(index)
            self._facts.finish_reason = text(finish_reason) or self._facts.finish_reason
        if usage := choice.get("usage"):
            self._read_usage(mapping(usage))
        delta = choice.get("delta") or choice.get("message")
        return self._read_delta(delta) if isinstance(delta, dict) else SILENT

    def _text_of(self, choice: Document) -> str | None:
        delta = mapping(choice.get("delta"))
        others = any(value for name, value in delta.items() if name not in COMMON)
        return None if others else text(delta.get("content"))

    def _read_delta(self, delta: dict[str, Any]) -> int:
        content = delta.get("content")
        shown_bytes = utf8_bytes(content)
        thought_bytes = 0
        # The common chunk is done here: it has a `content`, or nothing but a role.
        if shown_bytes == 0 or not delta.keys() <= COMMON:
            shown_bytes += self._other_shown_bytes(delta)
            thought_bytes = utf8_bytes(delta.get("reasoning_content") or delta.get("reasoning"))
            if isinstance(content, list):
                parts = [part for part in content if isinstance(part, dict)]
                thoughts = [part.get("thinking") for part in parts]
                shown_bytes += prompt_bytes(parts)
                thought_bytes += prompt_bytes(thoughts)
        self._output_bytes += shown_bytes + thought_bytes
        if shown_bytes:
            return SHOWN
        return THOUGHT if thought_bytes else SILENT

    def _other_shown_bytes(self, delta: dict[str, Any]) -> int:
        shown_bytes = utf8_bytes(delta.get("refusal"))
        if shown_bytes:
            self._refused = True
        for call in (*items(delta.get("tool_calls")), {"function": delta.get("function_call")}):
            function = mapping(mapping(call).get("function"))
            shown_bytes += utf8_bytes(function.get("name")) + utf8_bytes(function.get("arguments"))
        return shown_bytes + utf8_bytes(mapping(delta.get("audio")).get("transcript"))
