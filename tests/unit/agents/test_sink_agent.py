import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from agents.letter_limit import LetterLimit
from app.engine.contracts import Again, Message
from app.sinks.contract import Done, Verdict
from app.sinks.memory import MemorySink
from tests.support.sink_agents import World, messages


async def test_what_is_written_is_done() -> None:
    world = World()
    assert await world.write(b"a", b"b") == [None, None]
    assert world.sink.kept == {"a": "a", "b": "b"}
    assert world.done == [(0, "a"), (1, "b")]
    assert world.sample("tailrace_sink_writes_total", sink="memory", verdict="done") == 2


async def test_what_cannot_be_decoded_is_buried_alone() -> None:
    world = World()
    assert await world.write(b"a", b"\xff", b"b") == [None, None, None]
    assert world.dead == [(1, "undecodable")]
    assert world.done == [(0, "a"), (2, "b")]


async def test_a_batch_of_nothing_but_poison_writes_nothing() -> None:
    world = World()
    assert await world.write(b"\xff", b"\xfe") == [None, None]
    assert world.sink.batches == []
    assert len(world.dead) == 2


async def test_what_a_sink_refuses_for_ever_is_buried_alone() -> None:
    world = World()
    world.sink.poison = {"p"}
    assert await world.write(b"a", b"p", b"b") == [None, None, None]
    assert world.dead == [(1, "sink_refused")]
    assert set(world.sink.kept) == {"a", "b"}


async def test_too_many_dead_letters_wait_where_they_are() -> None:
    """They are tried again without limit; what the sink takes is written."""
    world = World(limit=LetterLimit(0.1, 10))
    poison = [b"\xff"] * 15
    results = await world.write(*poison, b"a")
    assert results[:10] == [None] * 10
    assert all(isinstance(each, Again) for each in results[10:15])
    assert results[15] is None
    again = await world.agent.write(messages(*poison[10:], first=10))
    assert all("stops at t-0@" in each.reason for each in again if each is not None)
    assert (len(again), len(world.dead)) == (5, 10)
    assert world.sink.kept == {"a": "a"}


async def test_a_sink_that_is_down_buries_nothing() -> None:
    world = World()
    world.sink.is_down = True
    for _ in range(50):
        assert await world.write(b"a", b"b") == [Again("down"), Again("down")]
    assert world.dead == []


async def test_the_sinks_word_on_when_is_kept() -> None:
    world = World()
    world.sink.throttled_s = 7.0
    assert await world.write(b"a") == [Again("throttled", 7.0)]


async def test_an_item_that_keeps_failing_beside_others_is_buried() -> None:
    world = World()
    world.sink.stubborn = {"s"}
    results = [await world.write(b"s", b"a") for _ in range(3)]
    assert results == [[Again("stubborn"), None]] * 2 + [[None, None]]
    assert world.dead == [(0, "attempts_exhausted")]


class Raising(MemorySink[str]):
    """A sink with a bug: one item makes it raise, or each does."""

    def __init__(self, bad: str | None) -> None:
        super().__init__(key_of=str, name="raising")
        self.bad = bad

    async def write(self, batch: Sequence[str]) -> list[Verdict]:
        """Raise for the bad item, before anything is written."""
        if self.bad is None or self.bad in batch:
            raise RuntimeError("a bug")
        return await super().write(batch)


async def test_an_item_that_makes_the_sink_raise_is_found_and_buried() -> None:
    world = World(Raising("b"))
    results = [await world.write(b"a", b"b", b"c") for _ in range(3)]
    assert results == [[None, Again("raised"), None]] * 2 + [[None] * 3]
    assert set(world.sink.kept) == {"a", "c"}
    assert world.dead == [(1, "attempts_exhausted")]
    assert (world.sample("tailrace_sink_failures_total", sink="raising") or 0) > 3


async def test_a_sink_that_raises_always_is_not_asked_for_every_item() -> None:
    world = World(Raising(None))
    assert await world.write(*[b"%d" % each for each in range(10)]) == [Again("raised")] * 10
    assert world.sample("tailrace_sink_failures_total", sink="raising") == 4
    assert world.dead == []


@pytest.mark.parametrize("count", [0, 3])
async def test_verdicts_that_do_not_fit_are_a_broken_contract(count: int) -> None:
    class Miscounting(MemorySink[str]):
        async def write(self, batch: Sequence[str]) -> list[Verdict]:
            return [Done()] * (count if len(batch) > 1 else 1)

    world = World(Miscounting(key_of=str, name="miscounting"))
    assert await world.write(b"a", b"b") == [None, None]
    assert world.sample("tailrace_sink_failures_total", sink="miscounting") == 1


async def test_it_registers_for_batches_under_the_sinks_name() -> None:
    registered: dict[str, Any] = {}

    class App:
        def source(self, topic: str) -> str:
            return topic

        def agent(self, source: str, *, name: str) -> Any:
            registered.update(source=source, name=name)
            return lambda function: registered.update(run=function)

        async def process_batches(self, *args: Any, **kwargs: Any) -> None:
            registered.update(args=args, kwargs=kwargs)

    world = World()
    limits: Any = object()
    world.agent.register(App(), "facts", limits)  # type: ignore[arg-type]
    await registered["run"]("stream")
    assert (registered["source"], registered["name"]) == ("facts", "memory")
    assert registered["args"] == ("stream", world.agent.write, limits)
    assert registered["kwargs"] == {"state": world.watch}


async def test_a_step_that_raises_buries_its_message_alone() -> None:
    world = World()

    def tell(message: Message, item: str, done: Done) -> None:
        if item == "b":
            raise ZeroDivisionError

    world.agent._on_done = tell
    assert await world.write(b"a", b"b", b"c") == [None, None, None]
    assert world.dead == [(1, "step_failed")]


async def test_a_decoder_with_a_bug_buries_its_message_alone() -> None:
    world = World()
    world.agent._decode = lambda message: str(1 // (message.position.offset - 1))
    assert await world.write(b"a", b"b", b"c") == [None, None, None]
    assert world.dead == [(1, "step_failed")]
    assert set(world.sink.kept) == {"-1", "1"}


async def test_a_large_batch_lets_others_on_the_loop() -> None:
    world, turns = World(), 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(count_turns())
    await world.write(*[b"%d" % number for number in range(320)])
    counting.cancel()
    await asyncio.wait([counting])
    assert turns >= 18
    assert len(world.done) == 320
