import asyncio

from app.sinks.contract import Done, Fatal, RetryAfter
from app.sinks.memory import MemorySink


async def test_an_item_written_again_replaces_itself() -> None:
    sink: MemorySink[tuple[str, int]] = MemorySink(key_of=lambda item: item[0])
    await sink.write([("a", 1), ("b", 1)])
    await sink.write([("a", 2)])
    assert sink.kept == {"a": ("a", 2), "b": ("b", 1)}
    assert len(sink.batches) == 2


async def test_faults_are_verdicts() -> None:
    sink: MemorySink[str] = MemorySink(key_of=str)
    sink.poison, sink.stubborn = {"p"}, {"s"}
    verdicts = await sink.write(["a", "p", "s"])
    assert verdicts == [Done(), Fatal("refused", "'p' is poison"), RetryAfter("stubborn")]
    sink.throttled_s = 3
    assert (sink.state, await sink.write(["b"])) == ("throttled", [RetryAfter("throttled", 3)])
    sink.is_down = True
    assert (sink.state, await sink.write(["b"])) == ("down", [RetryAfter("down")])
    assert sink.kept == {"a": "a"}


async def test_cancelled_half_way_half_is_kept() -> None:
    sink: MemorySink[str] = MemorySink(key_of=str)
    sink.slow = asyncio.Event()
    writing = asyncio.ensure_future(sink.write(["a", "b"]))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait([writing])
    assert sink.kept == {"a": "a"}
