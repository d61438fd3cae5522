"""One exchange as a tail shows it: the record and its cost, without bodies."""

from functools import cached_property

import orjson

from app.live.events import event
from app.record.fact import Fact


class LiveItem:
    """A counted exchange; rendered at the first look, once for all tails."""

    def __init__(self, fact: Fact) -> None:
        """Keeps the fact until somebody looks."""
        self._fact = fact
        self.tenant = fact.record.tenant
        self.request_id = fact.record.request_id
        self.user = fact.record.user
        self.model = fact.record.model or fact.record.model_requested
        self.status = fact.record.status
        self.outcome = fact.record.outcome

    @cached_property
    def event(self) -> bytes:
        """The event that shows it."""
        return event("exchange", self.data, self.request_id)

    @property
    def data(self) -> bytes:
        """JSON on one line: the record's members, cost, and when it was counted."""
        members = self._fact.record.model_dump(mode="json")
        cost = self._fact.cost
        members["cost_nano_usd"] = cost.nano_usd
        members["unpriced_reason"] = cost.unpriced_reason
        members["price_version"] = cost.price_version
        members["metered_at"] = self._fact.metered_at
        return orjson.dumps(members)
