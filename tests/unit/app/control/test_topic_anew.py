"""A topic that was made anew: all that was in it comes back, whatever fails meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from app.control import snapshot, topic
from app.control.contents import CLAIM
from app.control.entries import encode_name, encode_value
from app.control.topic import ControlTopic
from app.errors import Unavailable
from tests.support.control_partition import Partition

ALL = {encode_name("kind", f"k{number}"): encode_value(b"1") for number in range(6)}
KEYS = [f"k{number}" for number in range(6)]
THEIRS = encode_value(b'"theirs"')


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


class World:
    """A partition, and processes that know all entries from a snapshot."""

    def __init__(self, partition: Partition, root: Path) -> None:
        self.partition, self.root = partition, root
        self.open: list[ControlTopic] = []

    async def process(self, name: str, *, knows: bool = True) -> ControlTopic:
        path = self.path(name)
        if knows and not path.exists():
            snapshot.write(path, ALL)
        made = self.partition.process(path)
        self.open.append(made)
        await made.start()
        return made

    def path(self, name: str) -> Path:
        return self.root / f"{name}.json"


@pytest.fixture
async def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[World]:
    monkeypatch.setattr(topic, "SILENT_MS", 100)
    monkeypatch.setattr(topic, "PORTION", 1)
    made = World(Partition(monkeypatch), tmp_path)
    yield made
    for each in made.open:
        await each.stop()


async def test_a_write_that_fails_loses_nothing(world: World) -> None:
    failures = iter([False, False, True])
    world.partition.refuses = lambda key: next(failures, False)
    one = await world.process("one")
    await one.until_live()
    assert (world.partition.entries, sorted(one.items("kind"))) == (ALL, KEYS)
    assert snapshot.read(world.path("one")) == ALL


async def test_a_process_that_dies_half_way_goes_on_when_it_is_back(world: World) -> None:
    world.partition.refuses = lambda key: len(world.partition.messages) > 3
    one = await world.process("one")
    await until(lambda: len(world.partition.messages) == 4)
    await asyncio.sleep(0.1)
    assert (one.state, sorted(one.items("kind"))) == ("snapshot", KEYS)
    await one.stop()
    assert snapshot.read(world.path("one")) == ALL
    world.partition.refuses = lambda key: False
    again = await world.process("one")
    await again.until_live()
    assert (world.partition.entries, sorted(again.items("kind"))) == (ALL, KEYS)


async def test_another_process_does_not_take_half_of_it_for_all(world: World) -> None:
    world.partition.messages += [(CLAIM, THEIRS), *list(ALL.items())[:2]]
    other = await world.process("other")
    await asyncio.sleep(0.05)
    assert (other.state, sorted(other.items("kind"))) == ("snapshot", KEYS)
    await other.until_live()
    assert (world.partition.entries, sorted(other.items("kind"))) == (ALL, KEYS)


async def test_what_was_removed_or_changed_meanwhile_is_not_put_back(world: World) -> None:
    keys = list(ALL)
    changed = (keys[1], encode_value(b"2"))
    world.partition.messages += [(CLAIM, THEIRS), (keys[0], None), changed]
    one = await world.process("one")
    await one.until_live()
    kept = dict([*list(ALL.items())[2:], changed])
    assert (world.partition.entries, one.get("kind", "k1")) == (kept, b"2")
    assert one.get("kind", "k0") is None


async def test_of_several_processes_one_puts_back(world: World) -> None:
    them = [await world.process(f"p{number}") for number in range(4)]
    for each in them:
        await each.until_live()
        assert sorted(each.items("kind")) == KEYS
    put = [key for key, _ in world.partition.messages if key != CLAIM]
    assert (sorted(put), world.partition.entries) == (sorted(ALL), ALL)


async def test_who_knows_more_than_the_first_adds_it(world: World) -> None:
    snapshot.write(world.path("old"), dict(list(ALL.items())[:1]))
    old, one = await world.process("old"), await world.process("one")
    for each in (old, one):
        await each.until_live()
    await until(lambda: sorted(old.items("kind")) == KEYS)
    assert (world.partition.entries, sorted(one.items("kind"))) == (ALL, KEYS)


async def test_who_knows_nothing_leaves_the_claim_to_those_who_do(world: World) -> None:
    world.partition.messages += [(CLAIM, THEIRS), *list(ALL.items())[:2]]
    new = await world.process("new", knows=False)
    await new.until_live()
    assert sorted(new.items("kind")) == KEYS[:2]
    one = await world.process("one")
    await one.until_live()
    await until(lambda: sorted(new.items("kind")) == KEYS)
    assert (world.partition.entries, snapshot.read(world.path("one"))) == (ALL, ALL)


async def test_nothing_is_put_into_a_topic_that_was_not_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(topic, "SEEN_TIMEOUT_S", 0.05)
    world.partition.refuses = lambda key: key == CLAIM
    one = await world.process("one")
    with pytest.raises(Unavailable):
        await one.put("kind", "new", b"1")
    assert world.partition.messages == []


async def test_a_topic_that_others_filled_first_is_told_by_its_length(world: World) -> None:
    one = await world.process("one")
    await until(lambda: one.state == "live" and world.partition.entries == ALL)
    await asyncio.sleep(0.05)
    first = (encode_name("kind", "first"), encode_value(b"1"))
    world.partition.messages[:] = [first]
    await until(lambda: world.partition.entries == ALL | dict([first]))
    await until(lambda: one.state == "live" and sorted(one.items("kind")) == ["first", *KEYS])


async def test_a_topic_that_is_whole_is_believed(world: World) -> None:
    world.partition.messages += list(ALL.items())[:2]
    one = await world.process("one")
    await one.until_live()
    assert (sorted(one.items("kind")), len(world.partition.messages)) == (KEYS[:2], 2)
