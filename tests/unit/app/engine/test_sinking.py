import asyncio
from pathlib import Path

from app.engine.contracts import Again
from tests.support.sinking import Recording, fed_app, until


async def test_waits_are_those_of_the_options(tmp_path: Path) -> None:
    async with fed_app(
        tmp_path, sink_backoff_first_s=30.0, sink_backoff_max_s=30.0, sink_hold_s=100.0
    ) as fed:
        sink = Recording()
        sink.again = {0: Again("busy")}
        fed.run(fed.app.process_concurrently(fed.stream, sink.handle, in_flight=1))
        await fed.feed(0, 1, 2)
        await until(lambda: len(sink.attempts) == 3)
        await asyncio.sleep(0.05)
        assert sink.attempts == [[0], [1], [2]]
        (track,) = fed.app.async_loops[0]._tracks.values()
        assert 10 < track.lane.wait_s(asyncio.get_running_loop().time()) <= 30


async def test_without_loops_leaving_is_nothing(tmp_path: Path) -> None:
    async with fed_app(tmp_path) as fed:
        await fed.app.leave_sinks(60)
