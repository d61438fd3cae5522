"""What an endpoint is told: the event as bytes, `type`, `timestamp` and `data`. Pure.

`data` are the record's members without those of our own bookkeeping, and the cost. The timestamp is
that of the exchange and the same in every attempt.
"""

from datetime import datetime
from typing import Any

import orjson

from app.record.delivery import Delivery
from app.record.fact import Fact

FINISHED = "exchange.finished"
TEST = "webhook.test"
OURS = {"schema_version", "producer_id", "sequence", "attempt", "upstream_url", "body_ref"}


def data_of(fact: Fact) -> dict[str, Any]:
    """An exchange as an endpoint sees it."""
    data = fact.record.model_dump(mode="json", exclude=OURS)
    data["cost_nano_usd"] = fact.cost.nano_usd
    data["price_version"] = fact.cost.price_version
    data["unpriced_reason"] = fact.cost.unpriced_reason
    return data


def event(delivery: Delivery, bodies: dict[str, Any] | orjson.Fragment | None = None) -> bytes:
    """The body of the POST; `bodies` are as the functions below make them."""
    data = data_of(delivery.fact)
    if bodies is not None:
        data["bodies"] = bodies
    return _encoded(FINISHED, delivery.fact.record.produced_at, data)


def included(both_json: bytes) -> orjson.Fragment:
    """Both bodies as `/api/v1/exchanges/{id}/body` answers them, included.

    They are not read again: that holds the interpreter for milliseconds, in whatever thread.
    """
    return orjson.Fragment(b'{"kind":"included",' + both_json.lstrip()[1:])


def linked(url: str, expires_at: datetime) -> dict[str, Any]:
    """A link to both bodies."""
    return {"kind": "link", "url": url, "expires_at": expires_at}


def missing(reason: str) -> dict[str, Any]:
    """No bodies, and why."""
    return {"kind": "missing", "reason": reason}


def test_event(endpoint_id: str, now: datetime) -> bytes:
    """What a test-fire sends."""
    message = "This is a test: no exchange took place."
    return _encoded(TEST, now, {"endpoint_id": endpoint_id, "message": message})


def _encoded(event_type: str, timestamp: datetime, data: dict[str, Any]) -> bytes:
    return orjson.dumps(
        {"type": event_type, "timestamp": timestamp, "data": data}, option=orjson.OPT_UTC_Z
    )
