"""Signed links at the gate, and the bodies of webhooks."""

from typing import Any, cast

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from app.access.directory import KeyDirectory
from app.access.gate import AccessPolicy, Gate
from app.clock import ManualClock
from app.composition.linking import AGAIN_S, ArchivedBodies, LinkCheck
from app.errors import QueryRefused, SegmentError, Unavailable
from app.record.bodies import BodyPart
from app.sinks.archive.reading import Bodies, BodyReader
from app.webhooks.links import Links
from app.webhooks.sending import NoBodies, NotYet
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


async def both(answer: Bodies | Exception) -> Any:
    return await ArchivedBodies(cast(BodyReader, Archive(answer))).both("acme", REQUEST_ID)


async def test_bodies_that_are_there_may_come_or_never_will() -> None:
    there = Bodies(BodyPart("text/plain", "", b"hello"), None, None)
    assert b"hello" in await both(there)
    assert await both(QueryRefused(404, "not_yet", "", retry_after_s=2)) == NotYet(2)
    assert await both(QueryRefused(404, "expired", "")) == NoBodies("expired")
    for error in (Unavailable("away"), SegmentError("another exchange")):
        assert await both(error) == NotYet(AGAIN_S)
