"""A user from the owners; where they cannot answer and that is welcome, from copies."""

import pytest

from app.errors import Unavailable
from app.record.keys import user_key
from tables import aggregate_codec
from tables.aggregate import merge
from tests.support.metering import aggregate_of
from tests.support.workers import workers

ALICE = user_key("default", "alice")


async def test_the_owners_come_first() -> None:
    async with workers(2) as them:
        them.hold(ALICE, aggregate_of(1, 2))
        them.all[0].live.age_s = 5.0
        for worker in them.all:
            for find in (worker.reads.exact, worker.reads.any_age):
                assert await find("default", "alice") == (merge([aggregate_of(1, 2)]), None)
                assert await find("default", "nobody") is None


async def test_where_they_cannot_answer_copies_do() -> None:
    async with workers(2) as them:
        owner = them.hold(ALICE, aggregate_of(1, 2))
        them.all[owner].live.served.clear()
        other = them.all[1 - owner]
        other.live.store("users").put(ALICE, aggregate_codec.encode(aggregate_of(1)))
        other.live.age_s = 5.0
        for worker in them.all:
            with pytest.raises(Unavailable):
                await worker.reads.exact("default", "alice")
            found = await worker.reads.any_age("default", "alice")
            assert found is not None
            assert found.aggregate == merge([aggregate_of(1)])
            assert found.age_s is not None
            assert 5.0 <= found.age_s < 10.0


async def test_a_copy_without_the_user_is_no_answer() -> None:
    """Who was counted a moment ago is in no copy yet: that is not unknown."""
    async with workers(2) as them:
        for worker in them.all:
            worker.live.served.clear()
            worker.live.age_s = 5.0
        with pytest.raises(Unavailable):
            await them.all[0].reads.any_age("default", "alice")
