"""Endpoints of webhooks without a broker, and deliveries to them."""

from datetime import timedelta
from typing import Any

from app.control.memory import MemoryControl
from app.record.delivery import Delivery
from app.record.fact import Fact
from app.webhooks.endpoint import KIND, Endpoint, SealedSecret
from app.webhooks.matching import delivery_of
from app.webhooks.registry import Endpoints
from app.webhooks.sealing import Sealer
from tests.support.facts import fact
from tests.support.records import STARTED_AT

KEY = "a key for tests of webhooks"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SEALER = Sealer([KEY])
EARLIER = STARTED_AT - timedelta(days=1)


def endpoint(number: int = 1, **changes: Any) -> Endpoint:
    """An endpoint of the tenant of the typical record, a day older than it."""
    endpoint_id = f"we_{number:032x}"
    sealed = SEALER.seal(SECRET, endpoint_id)
    fields: dict[str, Any] = {
        "endpoint_id": endpoint_id,
        "tenant": "default",
        "url": "https://hooks.example/in",
        "secrets": (SealedSecret(sealed=sealed, created_at=EARLIER),),
        "created_at": EARLIER,
        "updated_at": EARLIER,
    }
    return Endpoint(**(fields | changes))


async def known(*given: Endpoint) -> tuple[MemoryControl, Endpoints]:
    """A registry that knows them, over a control topic in memory."""
    control = MemoryControl()
    endpoints = Endpoints(control)
    for each in given:
        await endpoints.put(each)
    assert len(control.items(KIND)) == len(given)
    return control, endpoints


def delivery(of: Fact | None = None, to: Endpoint | None = None, **changes: Any) -> Delivery:
    """The delivery of a fact, before its first attempt."""
    made = delivery_of(to or endpoint(), of or fact(), STARTED_AT)
    return made.model_copy(update=changes)
