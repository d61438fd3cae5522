"""Where bodies lie, asked of the analytics engine's twin."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.errors import SinkRefused, Unavailable
from app.sinks.archive.locations import (
    PLACE,
    STATES,
    AnalyticsLocations,
    BodyStates,
    Location,
    NoLocations,
)
from app.sinks.clickhouse.memory import MemoryAnalytics
from tests.support.records import REQUEST_ID


def answering(rows: Mapping[str, dict[str, Any]]) -> MemoryAnalytics:
    def answer(sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        del parameters
        return [rows[sql]] if sql in rows else []

    return MemoryAnalytics({}, answer)


async def test_place_and_states_are_read_by_tenant_id_and_the_ids_time() -> None:
    analytics = answering(
        {
            PLACE: {"object": "a/b", "offset": "12", "length": 7},
            STATES: {"request_body": "kept", "response_body": "omitted"},
        }
    )
    locations = AnalyticsLocations(analytics)
    assert await locations.find("acme", REQUEST_ID) == Location("a/b", 12, 7)
    assert await locations.states("acme", REQUEST_ID) == BodyStates("kept", "omitted")
    named = {"tenant": "acme", "request_id": REQUEST_ID, "id_ms": 0x0195950E3B4A}
    assert [parameters for _, parameters in analytics.asked] == [named, named]


async def test_what_is_not_there_is_none() -> None:
    for locations in (AnalyticsLocations(answering({})), NoLocations()):
        assert await locations.find("acme", REQUEST_ID) is None
        assert await locations.states("acme", REQUEST_ID) is None


async def test_an_engine_that_is_away_is_unavailable() -> None:
    analytics = answering({})
    analytics.is_down = True
    with pytest.raises(Unavailable):
        await AnalyticsLocations(analytics).find("acme", REQUEST_ID)


async def test_tables_that_are_not_made_yet_are_unavailable() -> None:
    def refuse(sql: str, parameters: Mapping[str, Any]) -> list[dict[str, Any]]:
        raise SinkRefused("no such table")

    with pytest.raises(Unavailable):
        await AnalyticsLocations(MemoryAnalytics({}, refuse)).states("acme", REQUEST_ID)
