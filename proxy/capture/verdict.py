"""How an exchange ended, from what the relay and the provider say of it."""

from typing import Final

from app.record.model import Outcome
from proxy.dialects.base import ResponseFacts
from proxy.exchange import Ending

TRUNCATED: Final = "truncated"
REFUSALS: Final = frozenset(
    {
        *("refusal", "content_filter", "SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "SPII"),
        *("IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "MODEL_ARMOR", "JAILBREAK"),
    }
)
"""Reasons of an end by which OpenAI, Anthropic and Gemini say that an answer was withheld."""


def verdict(
    ending: Ending, status: int | None, error: str | None, facts: ResponseFacts, *, truncated: bool
) -> tuple[Outcome, str | None]:
    """The outcome and the error beside it.

    A status of 400 or more, or an error within the response, is the upstream's error however the
    relay saw it end. A stream without its end mark is one where the relay saw nothing wrong; a
    client that left or a time that ran out explains it otherwise. An answer that was withheld is
    `refusal`: complete, and no failure.
    """
    refused_by_upstream = status is not None and status >= 400
    if facts.failed or refused_by_upstream:
        return "upstream_error", error or ending.error or f"status {status}"
    if truncated and ending.outcome == "completed":
        return "upstream_error", TRUNCATED
    if facts.finish_reason in REFUSALS and ending.outcome == "completed":
        return "refusal", ending.error
    return ending.outcome, ending.error
