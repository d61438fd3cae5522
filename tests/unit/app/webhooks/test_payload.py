"""What an endpoint is told."""

import json
from typing import Any

from app.webhooks import payload
from tests.support.endpoints import delivery, endpoint
from tests.support.facts import PRICED, UNPRICED, fact
from tests.support.records import REQUEST_ID, STARTED_AT


def test_the_record_and_its_cost_without_our_own_bookkeeping() -> None:
    event = json.loads(payload.event(delivery()))
    assert (event["type"], event["timestamp"]) == (
        "exchange.finished",
        "2026-03-14T15:09:26.535897Z",
    )
    data = event["data"]
    assert (data["request_id"], data["user"], data["status"]) == (REQUEST_ID, "alice", 200)
    assert data["cost_nano_usd"] == PRICED.nano_usd
    assert not payload.OURS & data.keys()
    assert "bodies" not in data


def test_unknown_is_null_with_its_reason() -> None:
    data = payload.data_of(fact(UNPRICED))
    assert (data["cost_nano_usd"], data["unpriced_reason"]) == (None, "unknown_model")


def test_each_attempt_has_the_same_bytes() -> None:
    first = payload.event(delivery())
    assert payload.event(delivery(attempts=4, deferrals=2, error="HTTP 500")) == first


def test_bodies_included_linked_and_missing() -> None:
    both = b'{"request_id": "r", "request": {"text": "a"}}'
    kinds: dict[str, Any] = {
        "included": payload.included(both),
        "link": payload.linked("https://x", STARTED_AT),
        "missing": payload.missing("omitted"),
    }
    for kind, bodies in kinds.items():
        event = json.loads(payload.event(delivery(), bodies))
        assert event["data"]["bodies"]["kind"] == kind
    event = json.loads(payload.event(delivery(), kinds["included"]))
    assert event["data"]["bodies"]["request"] == {"text": "a"}


def test_a_test_says_that_it_is_one() -> None:
    event = json.loads(payload.test_event(endpoint().endpoint_id, STARTED_AT))
    assert event["type"] == "webhook.test"
    assert event["data"]["endpoint_id"] == endpoint().endpoint_id
