"""The sink beyond its contract: places, waits, and what is counted."""

import pytest

from app.engine.contracts import Message, Position
from app.errors import SinkRefused, StoreUnavailable
from app.metrics import Metrics
from app.sinks.archive.memory import MemoryStore
from app.sinks.archive.segment import read_member
from app.sinks.archive.sink import Archived, ArchiveSink
from app.sinks.contract import Fatal, RetryAfter
from tests.support.bodies import EPOCH, TOPIC, envelopes, messages


class World:
    def __init__(self) -> None:
        self.store = MemoryStore()
        self.metrics = Metrics()
        self.sink = ArchiveSink(self.store, self.metrics, jitter=lambda: 0.0)

    def counted(self, name: str) -> float | None:
        return self.metrics.registry.get_sample_value(f"tailrace_archive_{name}_total")


@pytest.fixture
async def world() -> World:
    return World()


async def test_each_message_is_told_where_its_bodies_lie(world: World) -> None:
    made = [*envelopes(1, 5, tenant="a"), *envelopes(2, 5, tenant="b")]
    for envelope, verdict in zip(made, await world.sink.write(messages(made)), strict=True):
        assert isinstance(verdict, Archived)
        assert verdict.tenant == envelope.tenant
        place = verdict.member
        data = await world.store.get(verdict.key, place.offset, place.length)
        assert data is not None
        assert read_member(data) == envelope
    assert world.counted("objects") == 2
    assert world.counted("exchanges") == 10
    assert world.counted("bytes") == sum(map(len, world.store.objects.values()))


async def test_a_batch_cut_otherwise_changes_no_object(world: World) -> None:
    batch = messages(list(envelopes(1, 30)))
    first = await world.sink.write(batch)
    before = dict(world.store.objects)
    for start in range(0, 30, 7):
        await world.sink.write(batch[start : start + 7])
    assert before.items() <= world.store.objects.items()
    assert await world.sink.write(batch) == first


async def test_waits_grow_for_a_partition_in_trouble_and_begin_anew_after_it(world: World) -> None:
    batch = messages(list(envelopes(1, 2)))
    other = messages(list(envelopes(2, 2)), partition=1)
    world.store.trouble = StoreUnavailable("no_bucket", "gone")
    waits = []
    for _ in range(8):
        verdicts = await world.sink.write(batch)
        assert verdicts[0] == verdicts[1]
        assert isinstance(verdicts[0], RetryAfter)
        waits.append(verdicts[0].after_s)
    assert waits == [0.25, 0.5, 1.0, 2.0, 4.0, 7.5, 7.5, 7.5]
    assert await world.sink.write(other) == [RetryAfter("no_bucket", 0.25)] * 2
    assert world.sink.state == "no_bucket"
    world.store.trouble = None
    await world.sink.write(batch)
    world.store.trouble = SinkRefused("EntityTooLarge")
    assert await world.sink.write(batch) == [RetryAfter("refused", 0.25)] * 2


async def test_one_tenants_object_that_is_not_taken_holds_up_its_own_bodies_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = world.store.put

    async def put_of_a(key: str, data: bytes) -> None:
        if key.startswith("b/"):
            raise StoreUnavailable("throttled", "SlowDown", 2)
        await put(key, data)

    monkeypatch.setattr(world.store, "put", put_of_a)
    made = [*envelopes(1, 2, tenant="a"), *envelopes(2, 2, tenant="b")]
    bad = Message(None, b"", Position(EPOCH, TOPIC, 0, 9), 0.0)
    verdicts = await world.sink.write([*messages(made), bad])
    assert [type(each) for each in verdicts[:2]] == [Archived, Archived]
    assert verdicts[2:4] == [RetryAfter("throttled", 2)] * 2
    assert isinstance(verdicts[4], Fatal)
    assert verdicts[4].reason == "undecodable"


async def test_its_state_is_the_stores(world: World) -> None:
    assert (world.sink.name, world.sink.state) == ("archive", "starting")
    world.store.trouble = StoreUnavailable("refused", "403")
    await world.sink.start()
    assert world.sink.state == "refused"
    world.store.trouble = SinkRefused("PermanentRedirect")
    await world.sink.start()
    world.store.trouble = None
    await world.sink.start()
    assert world.sink.state == "ok"
    await world.sink.close()
