"""The routes of webhooks, over real HTTP to a real receiver."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import aiohttp
import orjson
import pytest
from aiohttp import web

from app.access.directory import Principal
from app.clock import SystemClock
from app.control.memory import MemoryControl
from app.ids import CountedIds
from app.plain_producer import PlainProducer
from app.record.topics import Topics
from app.views.json_errors import json_errors
from app.views.tenancy import PRINCIPAL
from app.webhooks import api
from app.webhooks.addresses import AddressPolicy
from app.webhooks.api import WebhookParts, WebhookViews
from app.webhooks.facts import MemoryFacts
from app.webhooks.links import Links
from app.webhooks.log import MemoryLog
from app.webhooks.poster import Poster
from app.webhooks.registry import Endpoints
from app.webhooks.replay import Replays
from app.webhooks.sealing import Sealer
from app.webhooks.sending import Sender
from tests.support.endpoints import KEY, SECRET
from tests.support.facts import fact
from tests.support.hooks import receiving
from tests.support.records import REQUEST_ID, STARTED_AT
from tests.support.web_server import served
from tests.unit.app.webhooks.test_log import line
from tests.unit.app.webhooks.test_replay import Produced

ROOT = "/api/v1/webhooks"


class Api:
    """A served application, called as one tenant or another."""

    def __init__(self, keys: tuple[str, ...] = (KEY,)) -> None:
        clock, ids = SystemClock(), CountedIds()
        self.control, self.produced = MemoryControl(), Produced()
        self.poster = Poster(AddressPolicy(allow_private=True), clock, timeout_s=5, allow_http=True)
        sealer = Sealer(keys)
        facts = MemoryFacts([fact()])
        producer = cast(PlainProducer, self.produced)
        self.parts = WebhookParts(
            endpoints=Endpoints(self.control),
            sealer=sealer,
            sender=Sender(self.poster, sealer, Links(keys, "http://x"), clock),
            poster=self.poster,
            replays=Replays(facts, producer, Topics(), clock, ids.request_id),
            log=MemoryLog(),
            clock=clock,
            ids=ids,
        )
        self.url = ""

    def web_app(self) -> web.Application:
        @web.middleware
        async def as_tenant(request: web.Request, handler: Any) -> Any:
            request[PRINCIPAL] = Principal(request.headers.get("x-tenant", "default"), "tenant")
            return await handler(request)

        made = web.Application(middlewares=[json_errors, as_tenant])
        WebhookViews(self.parts).register(made)
        return made

    async def call(
        self, method: str, path: str = "", body: Any = None, tenant: str = "default"
    ) -> tuple[int, Any]:
        data = body if isinstance(body, bytes | None) else orjson.dumps(body)
        async with (
            aiohttp.ClientSession() as session,
            session.request(
                method, self.url + ROOT + path, data=data, headers={"x-tenant": tenant}
            ) as response,
        ):
            text = await response.read()
            return response.status, orjson.loads(text) if text else None

    async def created(self, **fields: Any) -> dict[str, Any]:
        status, made = await self.call("POST", body={"url": "http://127.0.0.1:9/x"} | fields)
        assert status == 201, made
        return dict(made)


@pytest.fixture
async def hooks() -> AsyncIterator[Api]:
    made = Api()
    async with served(made.web_app()) as made.url:
        yield made
    await made.poster.close()


async def test_created_shown_changed_and_removed(hooks: Api) -> None:
    made = await hooks.created(description="mine", filters={"users": ["alice"]})
    path = f"/{made['endpoint_id']}"
    assert made["secret"].startswith("whsec_")
    assert (await hooks.call("GET", path))[1] == {
        name: value for name, value in made.items() if name != "secret"
    }
    assert [each["endpoint_id"] for each in (await hooks.call("GET"))[1]["items"]] == [path[1:]]
    status, changed = await hooks.call("PATCH", path, {"sample_rate": 0.5, "enabled": False})
    assert (status, changed["sample_rate"], changed["enabled"]) == (200, 0.5, False)
    assert changed["filters"]["users"] == ["alice"]
    assert (await hooks.call("DELETE", path))[0] == 204
    assert (await hooks.call("GET", path))[0] == 404


async def test_a_secret_is_shown_once_and_kept_encrypted(hooks: Api) -> None:
    made = await hooks.created(secret=SECRET)
    assert made["secret"] == SECRET
    kept = str(hooks.control.items("webhook_endpoint"))
    assert SECRET.removeprefix("whsec_") not in kept
    assert SECRET not in str(await hooks.call("GET"))


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_somebody_elses_endpoint_is_unknown(hooks: Api, method: str) -> None:
    path = f"/{(await hooks.created())['endpoint_id']}"
    assert (await hooks.call(method, path, {}, "acme"))[0] == 404
    for action in ("rotate", "test", "replay"):
        assert (await hooks.call("POST", f"{path}/{action}", {}, "acme"))[0] == 404
    assert (await hooks.call("GET", f"{path}/deliveries", tenant="acme"))[0] == 404
    assert (await hooks.call("GET", tenant="acme"))[1]["items"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "url"),
        (b"nonsense", None),
        ({"url": "ftp://x"}, "url"),
        ({"url": "http://169.254.169.254/"}, "url"),
        ({"url": "http://nowhere.invalid/"}, "url"),
        ({"url": "http://127.0.0.1:9/", "secret": "weak"}, "secret"),
        ({"url": "http://127.0.0.1:9/", "colour": 1}, "colour"),
    ],
)
async def test_a_mistake_names_its_field(hooks: Api, body: Any, field: str | None) -> None:
    status, answer = await hooks.call("POST", body=body)
    assert (status, answer["error"]["field"]) == (400, field)


async def test_bounds(hooks: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await hooks.call("POST", body=b"x" * (api.MAX_BODY_BYTES + 1)))[0] == 400
    monkeypatch.setattr(api, "MAX_ENDPOINTS", 1)
    path = f"/{(await hooks.created())['endpoint_id']}"
    status, answer = await hooks.call("POST", body={"url": "http://127.0.0.1:9/"})
    assert (status, answer["error"]["code"]) == (400, "too_many")
    for query in ("limit=0", "limit=501", "limit=x", "before=yesterday", "before=2026-01-01T00:00"):
        assert (await hooks.call("GET", f"{path}/deliveries?{query}"))[0] == 400


async def test_without_a_key_nothing_is_created() -> None:
    made = Api(keys=())
    async with served(made.web_app()) as made.url:
        status, answer = await made.call("POST", body={"url": "http://127.0.0.1:9/"})
    assert (status, answer["error"]["code"]) == (409, "no_secret_key")
    assert "SECRET_KEY" in answer["error"]["message"]


async def test_a_control_topic_that_is_away_is_503(hooks: Api) -> None:
    hooks.control.is_down = True
    status, answer = await hooks.call("POST", body={"url": "http://127.0.0.1:9/"})
    assert (status, answer["error"]["code"]) == (503, "unavailable")


async def test_a_test_is_sent_signed_by_new_and_old_secret_and_logged(hooks: Api) -> None:
    async with receiving() as receiver:
        made = await hooks.created(url=receiver.url)
        path = f"/{made['endpoint_id']}"
        rotated = (await hooks.call("POST", f"{path}/rotate", {"keep_previous_s": 60}))[1]
        assert (rotated["secrets_in_force"], rotated["secret"] != made["secret"]) == (2, True)
        status, line = await hooks.call("POST", f"{path}/test")
        assert (status, line["result"], line["kind"], line["status"]) == (
            *(200, "delivered", "test", 204),
        )
        for secret in (made["secret"], rotated["secret"]):
            receiver.verify_all(secret)
        assert receiver.calls[0].event["type"] == "webhook.test"
        answer = (await hooks.call("GET", f"{path}/deliveries?limit=1"))[1]
        assert answer["items"][0]["webhook_id"] == line["webhook_id"]
        cursor = answer["next_cursor"]
        assert (await hooks.call("GET", f"{path}/deliveries?before={cursor}"))[1]["items"] == []


async def test_pages_of_deliveries_have_those_of_one_millisecond_once(hooks: Api) -> None:
    endpoint_id = (await hooks.created())["endpoint_id"]
    began = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=9)
    for number in range(9):
        at = began + timedelta(milliseconds=number // 3)
        hooks.parts.log.add(line(number, endpoint_id, tenant="default", at=at))
    found, query = list[str](), ""
    while query is not None:
        page = (await hooks.call("GET", f"/{endpoint_id}/deliveries?limit=2{query}"))[1]
        found += [each["attempt_id"] for each in page["items"]]
        query = page["next_cursor"] and f"&before={page['next_cursor']}"
    assert found == [f"a{number}" for number in range(8, -1, -1)]
    old = (began + timedelta(milliseconds=1)).isoformat().replace("+", "%2B")
    page = (await hooks.call("GET", f"/{endpoint_id}/deliveries?before={old}"))[1]
    assert [each["attempt_id"] for each in page["items"]] == ["a2", "a1", "a0"]


async def test_a_change_does_not_bring_back_what_was_removed_meanwhile(
    hooks: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint_id = (await hooks.created())["endpoint_id"]

    async def check(url: str) -> None:
        await hooks.call("DELETE", f"/{endpoint_id}")

    monkeypatch.setattr(hooks.poster, "check", check)
    body = {"url": "http://127.0.0.1:9/new"}
    assert (await hooks.call("PATCH", f"/{endpoint_id}", body))[0] == 404
    assert hooks.control.items("webhook_endpoint") == {}


async def test_a_test_of_an_endpoint_that_is_away_says_so(hooks: Api) -> None:
    made = await hooks.created(url="http://127.0.0.1:1/")
    status, line = await hooks.call("POST", f"/{made['endpoint_id']}/test")
    assert (status, line["result"], line["status"]) == (200, "failed", None)
    assert "cannot connect" in line["error"]


async def test_replays_by_id_and_by_time(hooks: Api) -> None:
    path = f"/{(await hooks.created())['endpoint_id']}"
    status, answer = await hooks.call("POST", f"{path}/replay", {"request_ids": [REQUEST_ID]})
    assert (status, answer["queued"]) == (202, 1)
    window = {
        "from": (STARTED_AT - timedelta(hours=1)).isoformat(),
        "to": (STARTED_AT + timedelta(hours=1)).isoformat(),
    }
    assert (await hooks.call("POST", f"{path}/replay", window))[1]["queued"] == 1
    assert len(hooks.produced.messages) == 2


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 400, "from"),
        ({"request_ids": []}, 400, "request_ids"),
        ({"request_ids": ["x"]}, 400, "request_ids.0"),
        ({"request_ids": [REQUEST_ID], "from": "2026-01-01T00:00:00Z"}, 400, "from"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, 400, "to"),
        ({"from": "yesterday"}, 400, "from"),
    ],
)
async def test_what_is_no_replay(hooks: Api, body: Any, status: int, field: str) -> None:
    path = f"/{(await hooks.created())['endpoint_id']}"
    got, answer = await hooks.call("POST", f"{path}/replay", body)
    assert (got, answer["error"]["field"]) == (status, field)


async def test_a_disabled_endpoint_gets_no_replay(hooks: Api) -> None:
    path = f"/{(await hooks.created())['endpoint_id']}"
    await hooks.call("PATCH", path, {"enabled": False})
    body = {"request_ids": [REQUEST_ID]}
    assert (await hooks.call("POST", f"{path}/replay", body))[0] == 409
