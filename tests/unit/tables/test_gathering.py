"""The first users of all workers, and who did not answer."""

import pytest

from app.errors import Unavailable
from app.record.keys import anonymous_key, user_key
from tests.support.metering import aggregate_of
from tests.support.workers import workers


async def test_the_first_of_all() -> None:
    """From any worker the same list; the anonymous user's parts are one."""
    async with workers(3) as them:
        for number in range(1, 31):
            them.hold(user_key("default", f"user-{number}"), aggregate_of(*range(number)))
        for subkey in range(16):
            them.hold(anonymous_key("default", subkey), aggregate_of(1, 2))
        them.hold(user_key("acme", "mallory"), aggregate_of(*range(50)))
        lists = [await worker.gathering.first("requests", 4, "default") for worker in them.all]
        first = [(each.user, each.totals[0]) for each in lists[0].standings]
        assert first == [("anonymous", 32), ("user-30", 30), ("user-29", 29), ("user-28", 28)]
        assert lists[0].missing_workers == []
        assert lists[1:] == [lists[0]] * 2


async def test_a_worker_that_does_not_answer_is_named() -> None:
    async with workers(3, timeout_s=0.5) as them:
        owners = {n: them.hold(user_key("default", f"u{n}"), aggregate_of(1)) for n in range(30)}
        them.all[2].live.ready = False
        them.placement.by_partition[1] = "http://127.0.0.1:1"
        gathered = await them.all[0].gathering.first("cost", 100, "default")
        assert {each.user for each in gathered.standings} == {
            f"u{number}" for number, owner in owners.items() if owner == 0
        }
        assert gathered.missing_workers == sorted(
            ["http://127.0.0.1:1", them.placement.by_partition[2]]
        )
        them.all[0].live.ready = False
        with pytest.raises(Unavailable):
            await them.all[0].gathering.first("cost", 100, "default")
