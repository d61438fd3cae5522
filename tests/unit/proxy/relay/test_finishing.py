"""Records that wait for their large bodies: as long as it takes, but no longer than they may."""

import asyncio
import random

import pytest

from proxy.relay.finishing import Finishing
from tests.support.large import MemoryLargeBody


class Told:
    """Counts the records that were given away, and what their bodies were then."""

    def __init__(self, *bodies: MemoryLargeBody) -> None:
        self.bodies = bodies
        self.states: list[list[str]] = []

    def __call__(self) -> None:
        self.states.append([body.state for body in self.bodies])


def bodies(count: int) -> list[MemoryLargeBody]:
    return [MemoryLargeBody(f"b{number}") for number in range(count)]


async def test_without_large_bodies_there_is_no_wait() -> None:
    finishing, told = Finishing(30), Told()
    finishing.take((), told)
    assert told.states == [[]]
    (body,) = bodies(1)
    body.settle("too_large")
    settled = Told(body)
    finishing.take([body], settled)
    assert (settled.states, len(finishing)) == ([["too_large"]], 0)


async def test_a_record_waits_until_its_bodies_are_settled() -> None:
    one, other = bodies(2)
    finishing, told = Finishing(30), Told(one, other)
    finishing.take([one, other], told)
    assert one.has_ended
    assert other.has_ended
    for body in (one, other):
        await asyncio.sleep(0)
        assert told.states == []
        body.settle()
    await asyncio.wait_for(finishing.close(30), 30)
    assert told.states == [["kept", "kept"]]


async def test_a_body_that_takes_too_long_is_dropped_and_the_record_goes_out() -> None:
    one, other = bodies(2)
    finishing, told = Finishing(0.01), Told(one, other)
    one.settle()
    finishing.take([one, other], told)
    while not told.states:
        await asyncio.sleep(0.005)
    assert told.states == [["kept", "dropped"]]


@pytest.mark.parametrize("count", [1, 20])
async def test_at_the_end_every_record_goes_out(count: int) -> None:
    finishing, told = Finishing(3600), Told()
    made = bodies(count)
    for body in made:
        finishing.take([body], told)
    for body in random.Random(1).sample(made, count // 2):
        body.settle()
    await asyncio.wait_for(finishing.close(0.01), 30)
    assert (len(told.states), len(finishing)) == (count, 0)
    assert {body.state for body in made} <= {"kept", "dropped"}
    await finishing.close(0)
