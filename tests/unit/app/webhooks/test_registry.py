"""Endpoints as the control topic has them."""

import orjson
import pytest

from app.errors import QueryRefused, Unavailable
from app.webhooks.endpoint import KIND
from app.webhooks.registry import Endpoints
from tests.support.endpoints import EARLIER, endpoint, known


async def test_changes_are_seen_by_every_reader_of_the_topic() -> None:
    control, mine = await known(endpoint(1), endpoint(2, tenant="acme"))
    other = Endpoints(control)
    for each in (mine, other):
        assert each.get(endpoint(1).endpoint_id) == endpoint(
            1, secrets=each.of_tenant("default")[0].secrets
        )
        assert len(each.of_tenant("acme")) == len(each.enabled("acme")) == 1
        assert each.of_tenant("nobody") == []
        assert list(each.enabled("nobody")) == []
    await mine.put(endpoint(1, disabled_at=EARLIER))
    assert list(other.enabled("default")) == []
    assert len(other.of_tenant("default")) == 1
    await mine.remove(endpoint(1))
    assert other.get(endpoint(1).endpoint_id) is None
    assert other.of_tenant("default") == []


async def test_somebody_elses_endpoint_is_unknown() -> None:
    _, endpoints = await known(endpoint(1))
    assert endpoints.find("default", endpoint(1).endpoint_id)
    for tenant, name in (
        ("acme", endpoint(1).endpoint_id),
        ("default", "we_x"),
        ("default", "\x00"),
    ):
        with pytest.raises(QueryRefused) as refused:
            endpoints.find(tenant, name)
        assert refused.value.status == 404


async def test_what_cannot_be_read_is_not_called(caplog: pytest.LogCaptureFixture) -> None:
    control, endpoints = await known(endpoint(1))
    await control.put(KIND, endpoint(1).endpoint_id, b'{"url": 1}')
    assert endpoints.get(endpoint(1).endpoint_id) is None
    assert list(endpoints.enabled("default")) == []
    assert "cannot be read" in caplog.text


async def test_what_cannot_be_read_is_told_from_what_is_gone() -> None:
    control, endpoints = await known(endpoint(1))
    name = endpoint(1).endpoint_id
    assert not endpoints.is_unreadable(name)
    newer = endpoint(1).model_dump(mode="json") | {"filters": {"added_later": 1}}
    for value, is_unreadable in (
        (orjson.dumps(newer), True),
        (endpoint(1).model_dump_json().encode(), False),
        (b"{}", True),
        (None, False),
    ):
        await control.put(KIND, name, value)
        assert endpoints.is_unreadable(name) == is_unreadable


async def test_a_topic_that_is_away_keeps_nothing() -> None:
    control, endpoints = await known()
    control.is_down = True
    with pytest.raises(Unavailable):
        await endpoints.put(endpoint(1))
    assert endpoints.of_tenant("default") == []
