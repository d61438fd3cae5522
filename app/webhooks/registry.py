"""The endpoints of all tenants, kept in step with the control topic.

An entry that cannot be read, or of a newer build, is logged and left alone: it is not called, and
what is meant for it waits.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence

from pydantic import ValidationError

from app.control.contract import Control
from app.errors import QueryRefused
from app.webhooks.endpoint import KIND, Endpoint

logger = logging.getLogger(__name__)


class Endpoints:
    """Reads from memory; writes go to the control topic and come back from it."""

    def __init__(self, control: Control) -> None:
        """Those that are known, and every change from now on."""
        self._control = control
        self._by_id: dict[str, Endpoint] = {}
        self._by_tenant: defaultdict[str, dict[str, Endpoint]] = defaultdict(dict)
        self._unreadable: set[str] = set()
        control.on_change(KIND, self._changed)

    @property
    def is_current(self) -> bool:
        """Whether an endpoint that is not known is none at all."""
        return self._control.state == "live"

    def get(self, endpoint_id: str) -> Endpoint | None:
        """One endpoint, whoever's it is."""
        return self._by_id.get(endpoint_id)

    def is_unreadable(self, endpoint_id: str) -> bool:
        """Whether there is such an endpoint, and this build cannot read it."""
        return endpoint_id in self._unreadable

    def of_tenant(self, tenant: str) -> Sequence[Endpoint]:
        """A tenant's endpoints, oldest first."""
        found = self._by_tenant.get(tenant, {})
        return sorted(found.values(), key=lambda each: (each.created_at, each.endpoint_id))

    def enabled(self, tenant: str) -> Sequence[Endpoint]:
        """Those of a tenant that are told of its exchanges, in any order; fast."""
        found = self._by_tenant.get(tenant)
        return [each for each in found.values() if each.is_enabled] if found else ()

    def find(self, tenant: str, endpoint_id: str) -> Endpoint:
        """A tenant's endpoint. Raises: QueryRefused (404), also for somebody else's."""
        endpoint = self._by_id.get(endpoint_id)
        if endpoint is None or endpoint.tenant != tenant:
            raise QueryRefused(404, "unknown_endpoint", "there is no such endpoint", "id")
        return endpoint

    async def put(self, endpoint: Endpoint) -> None:
        """Keep an endpoint; every process knows it within a second. Raises: Unavailable."""
        value = endpoint.model_dump_json().encode()
        await self._control.put(KIND, endpoint.endpoint_id, value)

    async def remove(self, endpoint: Endpoint) -> None:
        """Forget an endpoint, and what waits for it. Raises: Unavailable."""
        await self._control.put(KIND, endpoint.endpoint_id, None)

    def _changed(self, endpoint_id: str, value: bytes | None) -> None:
        old = self._by_id.pop(endpoint_id, None)
        if old is not None:
            self._by_tenant[old.tenant].pop(endpoint_id, None)
        self._unreadable.discard(endpoint_id)
        if value is None:
            return
        try:
            endpoint = Endpoint.model_validate_json(value)
        except ValidationError as error:
            self._unreadable.add(endpoint_id)
            logger.error(
                "webhook endpoint %s cannot be read: %d faults", endpoint_id, error.error_count()
            )
            return
        self._by_id[endpoint_id] = endpoint
        self._by_tenant[endpoint.tenant][endpoint_id] = endpoint
