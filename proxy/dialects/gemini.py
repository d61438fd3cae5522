"""Gemini's generateContent and streamGenerateContent, Vertex AI's included.

A stream is a series of such answers, as events (`alt=sse`) or as the elements of one JSON array.
Each may carry `usageMetadata`, which counts from the start: the last one holds. `promptTokenCount`
has cached tokens in it but not those of tool use, `candidatesTokenCount` has no thoughts in it. The
last answer has a `finishReason`; a prompt that is refused has a `blockReason` instead.
"""

from typing import Any, ClassVar, Final

from proxy.dialects.base import SHOWN, SILENT, THOUGHT, Document, RequestFacts, ResponseFacts
from proxy.dialects.estimate import json_bytes, prompt_bytes, tokens, utf8_bytes
from proxy.dialects.fields import (
    CUT,
    count,
    error_of,
    is_cut,
    items,
    load,
    mapping,
    text,
    usage_of,
    user_of,
)
from proxy.sse import Event

PROMPT_FIELDS: Final = ("contents", "systemInstruction", "system_instruction")
PER_PROMPT: Final = ("gemini-1", "gemini-2")
"""Models whose grounding is billed by the prompt; with all later ones each query is."""


class Gemini:
    """One answer, whole or streamed."""

    __slots__ = (
        "_began",
        "_facts",
        "_output_bytes",
        "_prompt_bytes",
        "_queries",
        "_uncounted",
        "_usage",
        "malformed_total",
    )

    marks_end: ClassVar[bool] = True

    def __init__(self) -> None:
        self._began = False
        self._facts = ResponseFacts()
        self._output_bytes = 0
        self._prompt_bytes: int | None = None
        self._queries = 0
        self._uncounted = False
        self._usage: Document = {}
        self.malformed_total = 0

    @property
    def ended(self) -> bool:
        """False: usage may follow the reason of the end."""
        return False

    def read_request(self, document: Document, unread_bytes: int = 0) -> RequestFacts:
        """The user, from the labels; the model is in the path."""
        asked = [document.get(name) for name in PROMPT_FIELDS]
        self._prompt_bytes = unread_bytes + prompt_bytes(asked)
        return RequestFacts(
            text(document.get("model")), user=user_of(mapping(document.get("labels")))
        )

    def read_event(self, event: Event) -> int:
        """One answer of the stream."""
        body = load(event.data)
        if not isinstance(body, dict):
            self.malformed_total += 1
            return SILENT
        return self._read(body)

    def read_document(self, document: Document) -> None:
        """A whole answer, or an error."""
        self._read(document)

    def finish(self, *, may_estimate: bool) -> ResponseFacts:
        """All that was seen; without the reason of the end, the answer's tokens are estimated."""
        facts = self._facts
        facts.usage = _counts(self._usage)
        cut = not facts.ended
        if self._began and may_estimate and (cut or facts.usage is None):
            known = facts.usage or {}
            if "input" not in known and self._prompt_bytes is not None:
                known["input"] = tokens(self._prompt_bytes)
            known["output"] = max(known.get("output", 0), tokens(self._output_bytes))
            facts.usage = known | {"estimated": True}
        elif cut and facts.usage is not None:
            facts.usage.pop("output", None)
        if facts.usage is not None:
            self._add_searches(facts.usage)
        return facts

    def _add_searches(self, usage: dict[str, int | bool]) -> None:
        by_prompt = (self._facts.model or "").startswith(PER_PROMPT)
        if self._queries:
            usage["web_searches"] = 1 if by_prompt else self._queries
        if self._uncounted and not (by_prompt and self._queries):
            usage["estimated"] = True

    def _read(self, body: Document) -> int:
        facts = self._facts
        facts.model = facts.model or text(body.get("modelVersion"))
        facts.provider_id = facts.provider_id or text(body.get("responseId"))
        usage = mapping(body.get("usageMetadata"))
        if usage:
            self._usage = usage
            tier = text(usage.get("serviceTier"))
            facts.service_tier = tier.lower() if tier else facts.service_tier
        if blocked := text(mapping(body.get("promptFeedback")).get("blockReason")):
            self._end(blocked)
        if error := body.get("error"):
            facts.error = error_of(error)
            facts.failed = True
        brings = SILENT
        for candidate in items(body.get("candidates")):
            if isinstance(candidate, dict):
                brings = max(brings, self._read_candidate(candidate))
        return brings

    def _read_candidate(self, candidate: Document) -> int:
        self._began = True
        if reason := text(candidate.get("finishReason")):
            self._end(reason)
        elif CUT in candidate:
            # Nobody knows how it ended: no complete answer shall count as one that was cut short.
            self._facts.ended = True
        if grounding := mapping(candidate.get("groundingMetadata")):
            self._read_grounding(grounding)
        brings = SILENT
        for part in items(mapping(candidate.get("content")).get("parts")):
            brings = max(brings, self._read_part(mapping(part)))
        return brings

    def _read_grounding(self, grounding: Document) -> None:
        """Queries that are not all there count as one, if there is any."""
        queries = items(grounding.get("webSearchQueries"))
        self._queries = max(self._queries, len(queries))
        self._uncounted = self._uncounted or is_cut(grounding) or is_cut(queries)

    def _read_part(self, part: Document) -> int:
        part_bytes = utf8_bytes(part.get("text"))
        if call := mapping(part.get("functionCall")):
            part_bytes += utf8_bytes(call.get("name")) + json_bytes(call.get("args"))
        self._output_bytes += part_bytes
        if "inlineData" in part or "executableCode" in part:
            return SHOWN
        if not part_bytes:
            return SILENT
        return THOUGHT if part.get("thought") is True else SHOWN

    def _end(self, reason: str) -> None:
        self._facts.finish_reason = reason
        self._facts.ended = True


def _counts(usage: Document) -> dict[str, Any] | None:
    prompt = count(usage.get("promptTokenCount"))
    tools = count(usage.get("toolUsePromptTokenCount"))
    answer = count(usage.get("candidatesTokenCount", usage.get("responseTokenCount")))
    thoughts = count(usage.get("thoughtsTokenCount"))
    given = _modalities(usage, "promptTokensDetails", "toolUsePromptTokensDetails")
    cached = _modalities(usage, "cacheTokensDetails")
    made = _modalities(usage, "candidatesTokensDetails", "responseTokensDetails")
    return usage_of(
        input=None if prompt is None else prompt + (tools or 0),
        output=None if answer is None and thoughts is None else (answer or 0) + (thoughts or 0),
        cache_read=count(usage.get("cachedContentTokenCount")),
        reasoning=thoughts,
        audio_input=given.get("AUDIO"),
        image_input=given.get("IMAGE"),
        cache_audio_read=cached.get("AUDIO"),
        cache_image_read=cached.get("IMAGE"),
        audio_output=made.get("AUDIO"),
        image_output=made.get("IMAGE"),
    )


def _modalities(usage: Document, *names: str) -> dict[str, int]:
    """Tokens by modality, of all the lists of these names together."""
    found: dict[str, int] = {}
    for name in names:
        for each in items(usage.get(name)):
            modality = text(mapping(each).get("modality"))
            tokens_of = count(mapping(each).get("tokenCount"))
            if modality is not None and tokens_of is not None:
                found[modality] = found.get(modality, 0) + tokens_of
    return found
