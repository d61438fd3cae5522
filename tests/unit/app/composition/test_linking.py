"""Signed links at the gate, and the bodies of webhooks."""

import threading
from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from app.access.directory import KeyDirectory
from app.access.gate import AccessPolicy, Gate
from app.clock import ManualClock
from app.composition import linking
from app.composition.linking import AGAIN_S, ArchivedBodies, LinkCheck
from app.errors import QueryRefused, SegmentError, Unavailable
from app.record.bodies import BodyPart
from app.sinks.archive.reading import Bodies, BodyReader
from app.webhooks.links import Links
from app.webhooks.sending import LARGE_BYTES, NoBodies, NotYet, TooLong
from tests.support.records import REQUEST_ID

LINKS = Links(["a key for the links"], "")
CLOCK = ManualClock()
UNTIL_S = int(CLOCK.now_s()) + 60
GATE = Gate(AccessPolicy("required", "required"), KeyDirectory(), None, LinkCheck(LINKS, CLOCK))


def asked(path: str, method: str = "GET") -> web.Request:
    return make_mocked_request(method, path)


def test_a_good_link_is_of_its_tenant() -> None:
    principal = GATE.principal(asked(LINKS.make("acme", REQUEST_ID, UNTIL_S)))
    assert (principal.tenant, principal.role) == ("acme", "tenant")


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (LINKS.make("acme", REQUEST_ID, UNTIL_S), "POST"),
        (LINKS.make("acme", REQUEST_ID, UNTIL_S).replace("/body", ""), "GET"),
        (LINKS.make("acme", REQUEST_ID, UNTIL_S).replace("/body", "/body/x"), "GET"),
        (LINKS.make("acme", REQUEST_ID, UNTIL_S).replace("exchanges", "users"), "GET"),
        (LINKS.make("acme", REQUEST_ID, UNTIL_S).replace("acme", "other"), "GET"),
        (LINKS.make("acme", REQUEST_ID, UNTIL_S - 120), "GET"),
        (f"/api/v1/exchanges/{REQUEST_ID}/body?tenant=acme", "GET"),
        (f"/api/v1/exchanges/{REQUEST_ID}/body", "GET"),
    ],
)
def test_anything_else_needs_a_key(path: str, method: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        GATE.principal(asked(path, method))
    assert refused.value.status == 401


class Archive:
    """An archive with one answer."""

    def __init__(self, answer: Bodies | Exception) -> None:
        self.answer = answer

    async def read(self, tenant: str, request_id: str) -> Bodies:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


async def both(answer: Bodies | Exception, max_bytes: int = 1 << 20) -> Any:
    archived = ArchivedBodies(cast(BodyReader, Archive(answer)))
    return await archived.both("acme", REQUEST_ID, max_bytes)


def of_text(text: bytes) -> Bodies:
    return Bodies(BodyPart("text/plain", "", text), None, None)


async def test_bodies_that_are_there_may_come_or_never_will() -> None:
    assert b"hello" in await both(of_text(b"hello"))
    assert await both(QueryRefused(404, "not_yet", "", retry_after_s=2)) == NotYet(2)
    assert await both(QueryRefused(404, "expired", "")) == NoBodies("expired")
    for error in (Unavailable("away"), SegmentError("another exchange")):
        assert await both(error) == NotYet(AGAIN_S)


@pytest.fixture
def made_by(monkeypatch: pytest.MonkeyPatch) -> list[threading.Thread]:
    """The threads that made JSON of bodies."""
    threads: list[threading.Thread] = []

    def noted(request_id: str, bodies: Bodies) -> bytes:
        threads.append(threading.current_thread())
        return as_json(request_id, bodies)

    as_json = linking.as_json
    monkeypatch.setattr(linking, "as_json", noted)
    return threads


async def test_what_is_too_long_is_not_made_json_of_first(made_by: list[threading.Thread]) -> None:
    assert await both(of_text(b"x" * 1025), max_bytes=1024) == TooLong()
    assert made_by == []
    assert await both(of_text(b"\n" * 1000), max_bytes=1024) == TooLong()
    assert len(made_by) == 1


async def test_json_of_large_bodies_is_made_elsewhere(made_by: list[threading.Thread]) -> None:
    for text in (b"x" * (LARGE_BYTES + 1), b"x"):
        assert text in await both(of_text(text))
    assert [each is threading.main_thread() for each in made_by] == [False, True]
