"""A delivery made ready and sent: its bodies found, the event made, signed and posted."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

from app.clock import Clock, utc
from app.record.delivery import Delivery
from app.webhooks import payload, signing
from app.webhooks.endpoint import Endpoint
from app.webhooks.links import Links
from app.webhooks.poster import Poster
from app.webhooks.replies import Reply
from app.webhooks.sealing import Sealer

BODY_PATIENCE_S = 600.0
"""How long an exchange's bodies may be on their way to the archive before it goes without them."""
BODY_READ_S = 10.0
"""How long reading them may take: what waits for a store that hangs holds a place in its lane."""
READ_AGAIN_S = 5.0
LARGE_BYTES = 64 << 10
"""What is longer is worked on in a thread: the loop has calls to relay."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """The bodies are on their way: ask again later."""

    after_s: float


@dataclass(frozen=True, slots=True)
class NoBodies:
    """There are none, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class TooLong:
    """They are longer than was asked for."""


Found = bytes | NotYet | NoBodies | TooLong


class BodySource(Protocol):
    """Where bodies are read back from."""

    async def both(self, tenant: str, request_id: str, max_bytes: int) -> Found:
        """Both sides as JSON of at most `max_bytes`, as the API answers them. Raises nothing."""


@dataclass(frozen=True, slots=True)
class SendingOptions:
    """How long links are good, and what is too long to be included."""

    link_ttl_s: int = 86_400
    max_body_bytes: int = 1 << 20


class Sender:
    """Makes and sends events."""

    def __init__(
        self,
        poster: Poster,
        sealer: Sealer,
        links: Links,
        clock: Clock,
        options: SendingOptions | None = None,
        bodies: BodySource | None = None,
    ) -> None:
        """Without `bodies` nothing can be included."""
        self._poster = poster
        self._sealer = sealer
        self._links = links
        self._clock = clock
        self._options = options or SendingOptions()
        self._bodies = bodies

    async def prepared(self, endpoint: Endpoint, delivery: Delivery) -> bytes | NotYet:
        """The event; NotYet while its bodies may still come."""
        if endpoint.include_body == "none":
            return payload.event(delivery)
        bodies = await self._bodies_of(endpoint, delivery)
        if isinstance(bodies, NotYet):
            return bodies
        if isinstance(bodies, bytes):
            return await asyncio.to_thread(
                lambda: payload.event(delivery, payload.included(bodies))
            )
        return payload.event(delivery, bodies)

    async def send(self, endpoint: Endpoint, message_id: str, body: bytes) -> Reply:
        """Sign and post. Raises: SealError where no secret can be opened."""
        now_s = self._clock.now_s()
        keys = [
            signing.secret_bytes(self._sealer.open(sealed, endpoint.endpoint_id))
            for sealed in endpoint.sealed_in_force(utc(now_s))
        ]
        signed = keys, message_id, int(now_s), body
        if len(body) > LARGE_BYTES:
            headers = await asyncio.to_thread(signing.headers, *signed)
        else:
            headers = signing.headers(*signed)
        return await self._poster.post(endpoint.url, body, headers)

    async def _bodies_of(
        self, endpoint: Endpoint, delivery: Delivery
    ) -> bytes | dict[str, Any] | NotYet:
        record = delivery.fact.record
        if "kept" not in (record.request_body, record.response_body):
            return payload.missing("neither side was kept")
        if endpoint.include_body == "link":
            return self._link(delivery)
        if self._bodies is None:
            return payload.missing("there is no archive")
        found = await self._read(self._bodies, delivery)
        if isinstance(found, TooLong):
            return self._link(delivery)
        if isinstance(found, NoBodies):
            return payload.missing(found.reason)
        if isinstance(found, NotYet):
            age_s = self._clock.now_s() - delivery.emitted_at.timestamp()
            return payload.missing("not archived") if age_s > BODY_PATIENCE_S else found
        return found

    async def _read(self, bodies: BodySource, delivery: Delivery) -> Found:
        """What the archive has; NotYet as well where it does not answer in time."""
        record = delivery.fact.record
        with suppress(TimeoutError):
            async with asyncio.timeout(BODY_READ_S):
                return await bodies.both(
                    record.tenant, record.request_id, self._options.max_body_bytes
                )
        return NotYet(READ_AGAIN_S)

    def _link(self, delivery: Delivery) -> dict[str, Any]:
        if not self._links.has_key:
            return payload.missing("there is no key to sign links with")
        record = delivery.fact.record
        expires_s = int(self._clock.now_s()) + self._options.link_ttl_s
        url = self._links.make(record.tenant, record.request_id, expires_s)
        return payload.linked(url, utc(expires_s))
