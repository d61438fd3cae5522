"""OpenAI's chat completions, and those of the many servers that speak the same.

Streaming: chunks with `choices[].delta`, then, if the request asked for it, one whose `choices` are
empty and whose `usage` is for the whole request, then `[DONE]`. An error may come as
`{"error": …}` in place of any chunk. `prompt_tokens` count cached ones too.
"""

from typing import Any, ClassVar

from proxy.dialects.base import Document, RequestFacts, ResponseFacts
from proxy.dialects.estimate import prompt_bytes, tokens, utf8_bytes
from proxy.dialects.fields import (
    count,
    error_of,
    items,
    load,
    mapping,
    text,
    usage_of,
    user_of,
)
from proxy.sse import Event

DONE = b"[DONE]"


class OpenAIChat:
    """One chat completion."""

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
        """Whether `[DONE]` came."""
        return self._facts.ended

    def read_request(self, document: Document) -> RequestFacts:
        """Model, stream flag and user."""
        stream = document.get("stream") is True
        if stream:
            self._prompt_bytes = prompt_bytes(document.get("messages"))
        return RequestFacts(text(document.get("model")), stream, user_of(document))

    def read_event(self, event: Event) -> bool:
        """One chunk, an error, or `[DONE]`; True if a choice brings text or a tool call."""
        if event.data.startswith(DONE):
            self._facts.ended = True
            return False
        chunk = load(event.data)
        if not isinstance(chunk, dict):
            self.malformed_total += 1
            return False
        self._read_common(chunk)
        visible = False
        for choice in items(chunk.get("choices")):
            if isinstance(choice, dict) and self._read_choice(choice):
                visible = True
        return visible

    def read_document(self, document: Document) -> None:
        """A whole completion, or an error."""
        self._read_common(document)
        for choice in items(document.get("choices")):
            self._facts.finish_reason = (
                text(mapping(choice).get("finish_reason")) or self._facts.finish_reason
            )

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """All that was seen; a stream that began and told no usage has it estimated."""
        facts = self._facts
        if facts.usage is None and self._began and may_estimate:
            facts.usage = {"output": tokens(self._output_bytes), "estimated": True}
            if self._prompt_bytes is not None:
                facts.usage["input"] = tokens(self._prompt_bytes)
        return facts

    def _read_common(self, body: Document) -> None:
        facts = self._facts
        if facts.model is None:
            facts.model = text(body.get("model"))
        if facts.provider_id is None:
            facts.provider_id = text(body.get("id"))
        if usage := body.get("usage"):
            facts.usage = _usage(mapping(usage)) or facts.usage
        if error := body.get("error"):
            facts.error = error_of(error)
            facts.failed = True

    def _read_choice(self, choice: dict[str, Any]) -> bool:
        self._began = True
        if finish_reason := choice.get("finish_reason"):
            self._facts.finish_reason = text(finish_reason) or self._facts.finish_reason
        delta = choice.get("delta")
        if not isinstance(delta, dict):
            return False
        shown_bytes = utf8_bytes(delta.get("content"))
        # The common chunk is done here: it has a `content`, or nothing but a role.
        if shown_bytes == 0 or len(delta) > 1:
            shown_bytes += _other_shown_bytes(delta)
            self._output_bytes += utf8_bytes(
                delta.get("reasoning_content") or delta.get("reasoning")
            )
        self._output_bytes += shown_bytes
        return shown_bytes > 0


def _other_shown_bytes(delta: dict[str, Any]) -> int:
    shown_bytes = utf8_bytes(delta.get("refusal"))
    for call in (*items(delta.get("tool_calls")), {"function": delta.get("function_call")}):
        function = mapping(mapping(call).get("function"))
        shown_bytes += utf8_bytes(function.get("name")) + utf8_bytes(function.get("arguments"))
    return shown_bytes + utf8_bytes(mapping(delta.get("audio")).get("transcript"))


def _usage(usage: Document) -> dict[str, int | bool] | None:
    prompt = mapping(usage.get("prompt_tokens_details"))
    completion = mapping(usage.get("completion_tokens_details"))
    return usage_of(
        input=count(usage.get("prompt_tokens")),
        output=count(usage.get("completion_tokens")),
        cache_read=count(prompt.get("cached_tokens")),
        cache_write=count(prompt.get("cache_write_tokens")),
        audio_input=count(prompt.get("audio_tokens")),
        reasoning=count(completion.get("reasoning_tokens")),
        audio_output=count(completion.get("audio_tokens")),
    )
