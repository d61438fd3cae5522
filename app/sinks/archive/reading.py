"""The bodies of one exchange, read back: one lookup, one ranged read, checked to the last byte.

Large ones lie in objects of their own: they are read piece by piece, so that none is ever held.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import dataclass
from typing import Literal, TypeVar
from zlib import crc32

from app.clock import Clock
from app.errors import QueryRefused, SegmentError, SinkRefused, StoreUnavailable, Unavailable
from app.ids import minted_at_ms
from app.record.bodies import BodyEnvelope, BodyPart, StoredBody
from app.record.model import BodyState
from app.sinks.archive.locations import BodyStates, Locations
from app.sinks.archive.segment import read_member
from app.sinks.archive.store import ObjectStore

Side = Literal["request", "response"]
READS_AT_ONCE = 4
RETRY_AFTER_S = 5.0
BODIES_RETENTION_S = 86_400
PIECE_BYTES = 4 << 20
EMPTY = BodyPart("", "", b"")
REASONS: dict[BodyState, str] = {
    "omitted": "the caller asked that this side is not kept",
    "too_large": "this side was larger than what is kept",
    "dropped": "this side was given up on its way to the archive",
    "empty": "this side was empty",
    "kept": "this side is not in the archive",
}

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Bodies:
    """Both sides as far as they are there; a state is None where nobody knows it."""

    request: BodyPart | None
    response: BodyPart | None
    states: BodyStates | None

    def part(self, side: Side) -> BodyPart:
        """One side; an empty one is empty bytes. Raises: QueryRefused 404 with the reason."""
        part = self.request if side == "request" else self.response
        if part is not None:
            return part
        state = self.state(side)
        if state == "empty":
            return EMPTY
        if state is None:
            raise QueryRefused(404, "no_body", f"the {side} was empty or is not kept")
        raise QueryRefused(404, state, REASONS[state])

    def state(self, side: Side) -> BodyState | None:
        """What became of one side."""
        if (self.request if side == "request" else self.response) is not None:
            return "kept"
        if self.states is None:
            return None
        return self.states.request if side == "request" else self.states.response


class BodyReader:
    """Reads the archive for whoever may; holds a few exchanges' bodies at a time."""

    def __init__(
        self, store: ObjectStore, locations: Locations, clock: Clock, *, delay_s: float
    ) -> None:
        """`delay_s` is how long an exchange of whom nothing is known may be on its way."""
        self._store = store
        self._locations = locations
        self._clock = clock
        self._delay_s = delay_s
        self._reading = asyncio.Semaphore(READS_AT_ONCE)

    async def read(self, tenant: str, request_id: str) -> Bodies:
        """The bodies of a tenant's exchange.

        Raises: QueryRefused: 404, with `retry_after_s` while they may still come; Unavailable;
        SegmentError where what lies there is something else.
        """
        location = await self._locations.find(tenant, request_id)
        if location is None:
            return self._without_object(
                request_id, await self._locations.states(tenant, request_id)
            )
        async with self._reading:
            get = self._store.get(location.object, location.offset, location.length)
            data = await _available(get)
            if data is None:
                raise QueryRefused(404, "expired", "the object with these bodies was deleted")
            envelope = await asyncio.to_thread(read_member, data)
        if (envelope.tenant, envelope.request_id) != (tenant, request_id):
            raise SegmentError(f"{location.object} holds another exchange at {location.offset}")
        return Bodies(envelope.request, envelope.response, await self._states(envelope))

    async def pieces(self, tenant: str, stored: StoredBody) -> AsyncIterator[bytes]:
        """A large body of a tenant's exchange, whole, or an error before its last piece.

        Raises: SegmentError, Unavailable; QueryRefused where the object was deleted.
        """
        if not stored.object.startswith(f"{tenant}/"):
            raise SegmentError(f"{stored.object} is not the tenant's")
        crc = read_bytes = 0
        while read_bytes < stored.size_bytes:
            length = min(PIECE_BYTES, stored.size_bytes - read_bytes)
            piece = await _available(self._store.get(stored.object, read_bytes, length))
            if piece is None:
                raise QueryRefused(404, "expired", "the object with this body was deleted")
            read_bytes += len(piece)
            crc = await asyncio.to_thread(crc32, piece, crc)
            is_whole = read_bytes == stored.size_bytes and crc == stored.crc32
            if len(piece) != length or (read_bytes == stored.size_bytes and not is_whole):
                raise SegmentError(f"{stored.object} is not what was written")
            yield piece

    async def _states(self, envelope: BodyEnvelope) -> BodyStates | None:
        """What became of the sides, asked where one is missing."""
        if envelope.request is not None and envelope.response is not None:
            return None
        return await self._locations.states(envelope.tenant, envelope.request_id)

    def _without_object(self, request_id: str, states: BodyStates | None) -> Bodies:
        age_s = self._clock.now_s() - minted_at_ms(request_id) / 1000
        if states is None:
            if age_s <= self._delay_s:
                raise QueryRefused(404, "not_yet", "not archived yet", retry_after_s=RETRY_AFTER_S)
            raise QueryRefused(404, "unknown_exchange", "no exchange of yours has this id")
        if "kept" not in (states.request, states.response):
            return Bodies(None, None, states)
        if age_s <= BODIES_RETENTION_S + self._delay_s:
            raise QueryRefused(404, "not_yet", "not archived yet", retry_after_s=RETRY_AFTER_S)
        raise QueryRefused(404, "not_archived", "the bodies never reached the archive")


async def _available(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except (StoreUnavailable, SinkRefused) as exc:
        retry_after_s = getattr(exc, "retry_after_s", None) or RETRY_AFTER_S
        raise Unavailable("the object store is away", retry_after_s) from exc
