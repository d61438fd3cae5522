"""Reading bodies back: exact, of the tenant alone, and with the reason where there are none."""

import os
from zlib import crc32

import pytest

from app.errors import QueryRefused, SegmentError, SinkRefused, StoreUnavailable, Unavailable
from app.record.bodies import BodyEnvelope, BodyPart, StoredBody
from app.record.model import BodyState
from app.sinks.archive.locations import BodyStates, Location
from app.sinks.archive.reading import PIECE_BYTES, BodyReader
from tests.support.bodies import envelopes
from tests.support.reading import DELAY_S, Reading
from tests.support.records import REQUEST_ID, STARTED_AT

DAY_S = 86_400.0


@pytest.fixture
async def world() -> Reading:
    return Reading()


async def refused(reader: BodyReader, tenant: str, request_id: str) -> QueryRefused:
    with pytest.raises(QueryRefused) as raised:
        await reader.read(tenant, request_id)
    assert raised.value.status == 404
    return raised.value


async def test_every_body_comes_back_as_it_passed(world: Reading) -> None:
    made = list(envelopes(1, 60))
    await world.archive(*made)
    for each in made:
        bodies = await world.reader.read(each.tenant, each.request_id)
        assert (bodies.request, bodies.response) == (each.request, each.response)


async def test_another_tenants_exchange_is_unknown(world: Reading) -> None:
    (made,) = envelopes(1, 1, tenant="a")
    await world.archive(made)
    world.at_age(made.request_id, DAY_S)
    assert (await refused(world.reader, "b", made.request_id)).code == "unknown_exchange"


async def test_a_place_that_holds_another_exchange_is_never_shown(world: Reading) -> None:
    one, other = envelopes(1, 2)
    await world.archive(one, other)
    places = world.locations.places
    places["b", one.request_id] = places[one.tenant, one.request_id]
    places[one.tenant, one.request_id] = places[one.tenant, other.request_id]
    for tenant in ("b", one.tenant):
        with pytest.raises(SegmentError, match="another exchange"):
            await world.reader.read(tenant, one.request_id)


@pytest.mark.parametrize(
    ("age_s", "states", "code", "retry"),
    [
        (DELAY_S - 1, None, "not_yet", True),
        (DELAY_S + 1, None, "unknown_exchange", False),
        (DAY_S, BodyStates("kept", "omitted"), "not_yet", True),
        (2 * DAY_S, BodyStates("kept", "kept"), "not_archived", False),
    ],
)
async def test_what_is_not_archived_may_come_later(
    world: Reading, age_s: float, states: BodyStates | None, code: str, retry: bool
) -> None:
    world.at_age(REQUEST_ID, age_s)
    if states is not None:
        world.locations.known["t", REQUEST_ID] = states
    error = await refused(world.reader, "t", REQUEST_ID)
    assert (error.code, error.retry_after_s is not None) == (code, retry)


@pytest.mark.parametrize("state", ["omitted", "too_large", "dropped"])
async def test_a_side_that_is_not_kept_has_its_reason(world: Reading, state: BodyState) -> None:
    world.locations.known["t", REQUEST_ID] = BodyStates(state, "empty")
    bodies = await world.reader.read("t", REQUEST_ID)
    with pytest.raises(QueryRefused) as raised:
        bodies.part("request")
    assert (raised.value.status, raised.value.code) == (404, state)
    assert bodies.part("response").data == b""
    assert (bodies.state("request"), bodies.state("response")) == (state, "empty")


async def test_one_side_of_two(world: Reading) -> None:
    part = BodyPart("text/plain", "", b"asked")
    await world.archive(BodyEnvelope("t", REQUEST_ID, STARTED_AT, part, None))
    bodies = await world.reader.read("t", REQUEST_ID)
    assert bodies.part("request") == part
    assert (bodies.state("request"), bodies.state("response")) == ("kept", None)
    with pytest.raises(QueryRefused, match="was empty or is not kept"):
        bodies.part("response")
    world.locations.known["t", REQUEST_ID] = BodyStates("kept", "empty")
    assert (await world.reader.read("t", REQUEST_ID)).part("response").data == b""


async def test_an_object_that_was_deleted_is_told(world: Reading) -> None:
    world.locations.places["t", REQUEST_ID] = Location("gone", 0, 10)
    assert (await refused(world.reader, "t", REQUEST_ID)).code == "expired"


@pytest.mark.parametrize(
    ("trouble", "retry_after_s"),
    [
        (StoreUnavailable("throttled", "SlowDown", 9), 9),
        (StoreUnavailable("down", "away"), 5),
        (SinkRefused("no"), 5),
    ],
)
async def test_a_store_in_trouble_is_unavailable(
    world: Reading, trouble: StoreUnavailable | SinkRefused, retry_after_s: float
) -> None:
    (made,) = envelopes(1, 1)
    await world.archive(made)
    world.store.trouble = trouble
    with pytest.raises(Unavailable) as raised:
        await world.reader.read(made.tenant, made.request_id)
    assert raised.value.retry_after_s == retry_after_s


async def test_damage_is_told_and_nothing_is_shown(world: Reading) -> None:
    (made,) = envelopes(1, 1)
    await world.archive(made)
    ((key, data),) = world.store.objects.items()
    world.store.objects[key] = data[:30] + bytes([data[30] ^ 1]) + data[31:]
    with pytest.raises(SegmentError):
        await world.reader.read(made.tenant, made.request_id)


def large(world: Reading, data: bytes, name: str = "t/2026-03-14/direct/x/response") -> StoredBody:
    """An object of its own."""
    world.store.objects[name] = data
    return StoredBody(name, len(data), crc32(data))


async def pieces(world: Reading, stored: StoredBody, tenant: str = "t") -> list[bytes]:
    return [piece async for piece in world.reader.pieces(tenant, stored)]


async def gather(world: Reading, stored: StoredBody, into: list[bytes]) -> None:
    async for piece in world.reader.pieces("t", stored):
        into.append(piece)  # noqa: PERF401 - what came before an error counts


@pytest.mark.parametrize("size_bytes", [0, 1, PIECE_BYTES, 2 * PIECE_BYTES + 1])
async def test_a_large_body_comes_in_pieces(world: Reading, size_bytes: int) -> None:
    data = os.urandom(size_bytes)
    read = await pieces(world, large(world, data))
    assert b"".join(read) == data
    assert all(len(piece) <= PIECE_BYTES for piece in read)


async def test_a_large_body_that_is_not_what_was_written_never_comes_whole(world: Reading) -> None:
    data = os.urandom(PIECE_BYTES + 100)
    stored = large(world, data)
    for wrong in (data[:-1], data[:-1] + bytes([data[-1] ^ 1]), bytes([data[0] ^ 1]) + data[1:]):
        world.store.objects[stored.object] = wrong
        read: list[bytes] = []
        with pytest.raises(SegmentError):
            await gather(world, stored, read)
        assert len(b"".join(read)) < stored.size_bytes
    world.store.objects.clear()
    with pytest.raises(QueryRefused, match="deleted"):
        await pieces(world, stored)


async def test_a_large_body_of_another_tenant_is_never_read(world: Reading) -> None:
    stored = large(world, b"secret", "other/2026-03-14/direct/x/response")
    with pytest.raises(SegmentError, match="not the tenant's"):
        await pieces(world, stored)
