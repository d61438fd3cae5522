"""The delivery: a webhook to be sent, on its way between the meter and an endpoint."""

from typing import Literal

from app.record.dead_letter import Origin
from app.record.fact import Fact
from app.record.fields import Count, Line, Tenant, UtcTime, Word
from app.record.model import WireModel


class Delivery(WireModel):
    """One fact for one endpoint. `webhook_id` is a pure function of tenant, request and endpoint.

    `attempts` counts the POSTs that failed, `deferrals` how often it was moved on without one.
    `emitted_at` is when it was first emitted and `due_at` when it may be tried; absent: at once.
    `replay_id` names the request to send it again; absent: it follows the exchange.
    `resent` counts how often it was sent again as a dead letter, and `first_origin` is where it lay
    at first; absent: it never was one. They tell on retry topics what headers tell on others.
    """

    schema_version: Literal[1] = 1
    webhook_id: Word
    endpoint_id: Word
    tenant: Tenant
    attempts: Count = 0
    deferrals: Count = 0
    emitted_at: UtcTime
    due_at: UtcTime | None = None
    replay_id: Word | None = None
    error: Line | None = None
    resent: Count = 0
    first_origin: Origin | None = None
    fact: Fact

    @property
    def name(self) -> str:
        """What it is remembered by once it was delivered: each replay is one of its own."""
        return self.webhook_id if self.replay_id is None else f"{self.webhook_id}|{self.replay_id}"
