"""The webhooks of one exchange over HTTP."""

from datetime import timedelta
from typing import Any

import aiohttp
import orjson
from aiohttp import web

from app.access.directory import Principal
from app.views.json_errors import json_errors
from app.views.tenancy import PRINCIPAL
from app.webhooks.log import DeliveryLog, MemoryLog
from app.webhooks.of_exchange import ExchangeDeliveries
from tests.support.records import REQUEST_ID, STARTED_AT
from tests.support.web_server import served
from tests.unit.app.webhooks.test_log import line


async def asked(log: DeliveryLog, request_id: str = REQUEST_ID) -> tuple[int, Any]:
    @web.middleware
    async def as_acme(request: web.Request, handler: Any) -> Any:
        request[PRINCIPAL] = Principal("acme", "tenant")
        return await handler(request)

    web_app = web.Application(middlewares=[json_errors, as_acme])
    ExchangeDeliveries(log).register(web_app)
    async with (
        served(web_app) as url,
        aiohttp.ClientSession() as session,
        session.get(f"{url}/api/v1/exchanges/{request_id}/deliveries") as response,
    ):
        return response.status, orjson.loads(await response.read())


def filled(log: DeliveryLog) -> None:
    """Two attempts of ours, one of another exchange, one of somebody else."""
    for number, changes in enumerate(({}, {}, {"request_id": "r9"}, {"tenant": "other"})):
        made: dict[str, Any] = {"request_id": REQUEST_ID} | changes
        log.add(line(number, at=STARTED_AT + timedelta(seconds=9 - number), **made))


async def test_the_tenants_own_oldest_first() -> None:
    log = MemoryLog()
    filled(log)
    status, answer = await asked(log)
    assert status == 200
    assert [each["attempt_id"] for each in answer["items"]] == ["a1", "a0"]
    assert "tenant" not in answer["items"][0]


async def test_nothing_sent_is_an_empty_list_and_no_id_a_404() -> None:
    assert (await asked(MemoryLog()))[1]["items"] == []
    assert (await asked(MemoryLog(), "nonsense"))[0] == 404
