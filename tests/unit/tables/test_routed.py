"""Reading a key where its partition is held: right, or not at all."""

import pytest

from app.errors import Unavailable
from app.record.keys import user_key
from tables import aggregate_codec
from tests.support.metering import aggregate_of
from tests.support.workers import workers

KEYS = [user_key("default", f"user-{number}") for number in range(30)]


async def test_every_worker_answers_for_all() -> None:
    async with workers(3) as them:
        owners = {them.hold(key, aggregate_of(number)) for number, key in enumerate(KEYS)}
        assert owners == {0, 1, 2}
        asked = [*KEYS, user_key("default", "nobody")]
        for worker in them.all:
            values = await worker.tables.get_many("users", asked)
            assert values.pop() is None
            found = [aggregate_codec.decode(value or b"") for value in values]
            assert found == [aggregate_of(number) for number in range(len(KEYS))]


async def test_one_key_that_cannot_be_read_is_no_answer() -> None:
    """Its owner recovers, or the map is out of date and names another."""
    async with workers(3) as them:
        for number, key in enumerate(KEYS):
            them.hold(key, aggregate_of(number))
        them.all[1].live.ready = False
        for worker in them.all:
            with pytest.raises(Unavailable):
                await worker.tables.get_many("users", KEYS)
        them.all[1].live.ready = True
        placed = them.placement.by_partition
        placed[1], placed[2] = placed[2], placed[1]
        for worker in them.all:
            with pytest.raises(Unavailable):
                await worker.tables.get_many("users", KEYS)


async def test_without_a_map_only_our_own_is_read() -> None:
    async with workers(1) as them:
        them.hold(KEYS[0], aggregate_of(1))
        them.placement.by_partition.clear()
        assert (await them.all[0].tables.get_many("users", KEYS[:1]))[0] is not None


async def test_what_a_crash_could_take_back_is_not_answered() -> None:
    async with workers(2) as them:
        owner = them.hold(KEYS[0], aggregate_of(1))
        them.all[owner].live.broker_takes = False
        for worker in them.all:
            with pytest.raises(Unavailable):
                await worker.tables.get_many("users", KEYS[:1])
