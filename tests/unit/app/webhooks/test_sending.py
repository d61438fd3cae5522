"""A delivery made ready and sent."""

import asyncio
import json
import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest
from standardwebhooks import Webhook

from app.clock import ManualClock, SystemClock
from app.record.delivery import Delivery
from app.webhooks import sending, signing
from app.webhooks.links import Links
from app.webhooks.poster import Poster
from app.webhooks.replies import Reply
from app.webhooks.sealing import Sealer, SealError
from app.webhooks.sending import (
    BODY_PATIENCE_S,
    LARGE_BYTES,
    READ_AGAIN_S,
    Found,
    NoBodies,
    NotYet,
    Sender,
    SendingOptions,
    TooLong,
)
from tests.support.endpoints import KEY, SEALER, SECRET, delivery, endpoint
from tests.support.facts import fact
from tests.support.records import REQUEST_ID, STARTED_AT

LINKS = Links([KEY], "https://tailrace.example")
BOTH = b'{"request": {"text": "a"}}'


@dataclass
class Noted:
    """A poster that notes what it was given."""

    sent: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> Reply:
        self.sent.append((url, body, headers))
        return Reply(200, 1.0)


@dataclass
class Bodies:
    """An archive with one answer."""

    answer: Found

    async def both(self, tenant: str, request_id: str, max_bytes: int) -> Found:
        assert (tenant, request_id) == ("default", REQUEST_ID)
        is_long = isinstance(self.answer, bytes) and len(self.answer) > max_bytes
        return TooLong() if is_long else self.answer


class Hanging(Bodies):
    """An archive that does not answer."""

    async def both(self, tenant: str, request_id: str, max_bytes: int) -> Found:
        await asyncio.Event().wait()
        return self.answer


def sender(bodies: Bodies | None = None, poster: Noted | None = None, **options: Any) -> Sender:
    clock = ManualClock(STARTED_AT.timestamp())
    return Sender(
        cast(Poster, poster or Noted()), SEALER, LINKS, clock, SendingOptions(**options), bodies
    )


async def bodies_of(made: Sender, include: str, of: Delivery | None = None) -> Any:
    event = await made.prepared(endpoint(include_body=include), of or delivery())
    return event if isinstance(event, NotYet) else json.loads(event)["data"].get("bodies")


async def test_bodies_as_the_endpoint_wants_them() -> None:
    archive = sender(Bodies(BOTH))
    assert await bodies_of(archive, "none") is None
    assert await bodies_of(archive, "included") == {"kind": "included", "request": {"text": "a"}}
    link = await bodies_of(archive, "link")
    assert link["kind"] == "link"
    assert link["url"].startswith(f"https://tailrace.example/api/v1/exchanges/{REQUEST_ID}/body?")
    assert link["expires_at"].startswith("2026-03-15")


async def test_what_is_too_long_is_linked() -> None:
    made = sender(Bodies(BOTH), max_body_bytes=len(BOTH) - 1)
    assert (await bodies_of(made, "included"))["kind"] == "link"


async def test_bodies_that_are_on_their_way_are_waited_for_and_not_for_ever() -> None:
    made = sender(Bodies(NotYet(2.0)))
    assert await bodies_of(made, "included") == NotYet(2.0)
    old = delivery(emitted_at=STARTED_AT - timedelta(seconds=BODY_PATIENCE_S + 1))
    assert (await bodies_of(made, "included", old))["kind"] == "missing"


async def test_an_archive_that_hangs_is_asked_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "BODY_READ_S", 0.01)
    async with asyncio.timeout(5):
        assert await bodies_of(sender(Hanging(BOTH)), "included") == NotYet(READ_AGAIN_S)


@pytest.mark.parametrize("include", ["included", "link"])
async def test_without_a_key_a_link_is_missing(include: str) -> None:
    clock = ManualClock(STARTED_AT.timestamp())
    made = Sender(cast(Poster, Noted()), SEALER, Links([], ""), clock, None, Bodies(TooLong()))
    bodies = await bodies_of(made, include)
    assert (bodies["kind"], "no key" in bodies["reason"]) == ("missing", True)


@pytest.mark.parametrize("include", ["included", "link"])
async def test_what_was_omitted_is_missing_with_its_reason(include: str) -> None:
    kept_back = delivery(fact(request_body="omitted", response_body="omitted"))
    assert (await bodies_of(sender(Bodies(BOTH)), include, kept_back))["kind"] == "missing"


async def test_without_an_archive_and_with_bodies_gone() -> None:
    assert (await bodies_of(sender(), "included"))["reason"] == "there is no archive"
    gone = await bodies_of(sender(Bodies(NoBodies("expired"))), "included")
    assert gone == {"kind": "missing", "reason": "expired"}


async def test_each_secret_in_force_signs() -> None:
    poster = Noted()
    made = Sender(cast(Poster, poster), SEALER, LINKS, SystemClock())
    await made.send(endpoint(), "msg_1", b"{}")
    url, body, headers = poster.sent[0]
    assert (url, headers["webhook-id"]) == (endpoint().url, "msg_1")
    Webhook(SECRET).verify(body, headers)


async def test_a_secret_that_cannot_be_opened_sends_nothing() -> None:
    poster = Noted()
    made = Sender(cast(Poster, poster), Sealer(["another key altogether"]), LINKS, ManualClock())
    with pytest.raises(SealError):
        await made.send(endpoint(), "msg_1", b"{}")
    assert poster.sent == []


async def test_a_large_event_is_signed_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def noted(*given: Any) -> dict[str, str]:
        threads.append(threading.current_thread())
        return headers(*given)

    headers = signing.headers
    monkeypatch.setattr(signing, "headers", noted)
    poster = Noted()
    made = Sender(cast(Poster, poster), SEALER, LINKS, SystemClock())
    for size_bytes in (LARGE_BYTES, 1):
        await made.send(endpoint(), "msg_1", b'"%s"' % (b"x" * size_bytes))
        Webhook(SECRET).verify(poster.sent[-1][1], poster.sent[-1][2])
    assert [each is threading.main_thread() for each in threads] == [False, True]
