"""Captures for tests: a call's meta, and golden exchanges fed in any cut."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from app.record.model import Outcome
from proxy.capture.capture import Capture
from proxy.exchange import CallMeta, CaptureLimits, Ending, Finished, Stamp
from proxy.identity import Identity

GOLDEN = Path(__file__).parent.parent / "golden"
CALLS = {
    "openai_chat": ("openai", "/v1/chat/completions"),
    "openai_completions": ("openai", "/v1/completions"),
    "openai_responses": ("openai", "/v1/responses"),
    "openai_embeddings": ("openai", "/v1/embeddings"),
    "openai_images": ("openai", "/v1/images/generations"),
    "openai_audio": ("openai", "/v1/audio/transcriptions"),
    "anthropic_messages": ("anthropic", "/v1/messages"),
    "gemini": ("gemini", "/v1beta/models/gemini-2.5-flash:generateContent"),
    "ollama": ("openai", "/api/chat"),
    "rerank": ("openai", "/v1/rerank"),
    "unbilled": ("anthropic", "/v1/messages/count_tokens"),
    "unknown": ("raw", "/v1/anything"),
}
"""The module of each dialect, with a call that it reads; a test finds what is missing here."""
STAMP = Stamp("proxy-1", 7, datetime(2026, 1, 2, 3, 4, 6, tzinfo=UTC))
REQUEST_ID = "0195950e-3b4a-7c3d-8e5f-0123456789ab"
LIMITS = CaptureLimits()


def call_meta(**changes: Any) -> CallMeta:
    """A call to OpenAI's chat completions that started at 100 s of the monotonic clock."""
    fields: dict[str, Any] = {
        "tenant": "default",
        "request_id": REQUEST_ID,
        "provider": "openai",
        "upstream_url": "https://api.openai.com/v1/chat/completions",
        "path": "/v1/chat/completions",
        "method": "POST",
        "started_at_s": 1_767_323_045.0,
        "started_mono_s": 100.0,
        "request_content_type": "application/json",
    }
    said = {each.name for each in fields_of(Identity)}
    identity = Identity(**{name: changes.pop(name) for name in said & changes.keys()})
    return CallMeta(**fields | changes, identity=identity)


def ended(
    capture: Capture, outcome: Outcome = "completed", error: str | None = None, at_s: float = 102.0
) -> Finished:
    """The finished exchange."""
    return capture.finish(Ending(outcome, error), at_s, STAMP)


@dataclass(frozen=True)
class GoldenExchange:
    """One folder of `tests/golden/<dialect>/`."""

    folder: Path

    @property
    def name(self) -> str:
        """For test ids."""
        return f"{self.folder.parent.name}-{self.folder.name}"

    @property
    def dialect(self) -> str:
        """The dialect's module name."""
        return self.folder.parent.name

    @cached_property
    def expected(self) -> dict[str, Any]:
        """What the record shall say."""
        return json.loads((self.folder / "expected.json").read_bytes())

    @cached_property
    def request(self) -> bytes:
        """The request's body."""
        (file,) = self.folder.glob("request.*")
        return file.read_bytes()

    @cached_property
    def response(self) -> bytes:
        """The response's body as it was sent, not encoded."""
        (file,) = self.folder.glob("response.*")
        return file.read_bytes()

    @property
    def streams(self) -> bool:
        """Whether the response is a stream."""
        return "first_token_event" in self.expected

    def capture(self, *, encoding: str = "", limits: CaptureLimits = LIMITS) -> Capture:
        """A capture that has seen the request and the response's head."""
        family, path = CALLS[self.dialect]
        asked = {"path": path} | self.expected.get("request", {})
        capture = Capture(call_meta(**asked), limits, family)
        capture.feed_request(self.request)
        capture.request_sent(100.25)
        head = self.expected["response"]
        capture.response_started(head["status"], head["content_type"], encoding, None, 101.0)
        return capture

    def feed(self, chunks: Iterable[bytes], **changes: Any) -> Finished:
        """The exchange finished after these chunks of its response."""
        capture = self.capture(**changes)
        for chunk in chunks:
            capture.feed_response([chunk], [101.5])
        return ended(capture)

    def feed_together(self, chunks: Sequence[bytes]) -> Finished:
        """The same, told of all of them at once."""
        capture = self.capture()
        capture.feed_response(chunks, [101.5] * len(chunks))
        return ended(capture)


def golden_exchanges() -> list[GoldenExchange]:
    """All of them, ordered by name."""
    folders = [folder for dialect in CALLS for folder in (GOLDEN / dialect).iterdir()]
    return sorted((GoldenExchange(folder) for folder in folders), key=lambda each: each.name)


def said(finished: Finished, names: Iterable[str]) -> dict[str, Any]:
    """These fields of the record as plain values; of usage, what is known of it."""
    record = finished.record.model_dump(include=set(names))
    if record.get("usage") is not None:
        usage = {name: value for name, value in record["usage"].items() if value is not None}
        record["usage"] = usage if usage["estimated"] else usage | {"estimated": False}
        if not usage["estimated"]:
            del record["usage"]["estimated"]
    return record
