"""Copies: of several the freshest, and no answer where nobody has one."""

import pytest

from app.engine.contracts import Copy
from app.errors import Unavailable
from app.record.keys import user_key
from tables import aggregate_codec
from tables.copies import CopiedTables, freshest
from tests.support.metering import aggregate_of
from tests.support.workers import Workers, workers

KEY = user_key("default", "alice")


def copies(them: Workers, asked: int) -> CopiedTables:
    """Copied tables as one of the workers reads them."""
    return them.all[asked].reads._copies


def give(them: Workers, number: int, age_s: float, *costs: int) -> None:
    """A copy to one worker."""
    live = them.all[number].live
    live.store("users").put(KEY, aggregate_codec.encode(aggregate_of(*costs)))
    live.age_s = age_s


@pytest.mark.parametrize("asked", [0, 1, 2])
async def test_the_freshest_of_all_counts(asked: int) -> None:
    async with workers(3) as them:
        give(them, 0, 9.0, 1)
        give(them, 2, 4.0, 1, 2)
        (copy,) = await copies(them, asked).get_many("users", [KEY])
        assert aggregate_codec.decode(copy.value or b"") == aggregate_of(1, 2)
        assert 4.0 <= copy.age_s < 9.0


async def test_without_a_copy_there_is_no_answer() -> None:
    async with workers(2) as them:
        with pytest.raises(Unavailable):
            await copies(them, 0).get_many("users", [KEY])


async def test_who_does_not_answer_has_no_copy() -> None:
    async with workers(2) as them:
        give(them, 0, 9.0, 1)
        them.placement.by_partition[1] = "http://127.0.0.1:1"
        (copy,) = await copies(them, 0).get_many("users", [KEY])
        assert copy.age_s == 9.0


def test_none_is_none() -> None:
    assert freshest([None, Copy(None, 1.0)]) == Copy(None, 1.0)
    with pytest.raises(Unavailable):
        freshest([None, None])
