"""The spill as the publisher sees it, over a real directory."""

import asyncio
import errno
import threading
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from app.clock import ManualClock
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.spill.options import SpillOptions
from proxy.publisher.spill.spill import Spill
from tests.support.faulty_disk import FaultyDisk
from tests.support.spill import body, record


class Stand:
    """A spill, its disk, its clock and its losses."""

    def __init__(self, root: Path, **options: Any) -> None:
        self.disk = FaultyDisk()
        self.clock = ManualClock()
        self.losses: Counter[str] = Counter()
        self.spill = Spill(
            root,
            SpillOptions(**{"fsync": "never", "fsync_interval_s": 3600, **options}),
            body_topics=["t.bodies"],
            producer="test",
            clock=self.clock,
            count_loss=lambda reason, messages: self.losses.update({reason: messages}),
            disk=self.disk,
        )

    async def drain(self) -> list[Outgoing]:
        """Everything there is, replayed."""
        drained: list[Outgoing] = []
        while (batch := await self.spill.next_batch(100, 1 << 20)) is not None:
            drained += batch.messages
            await self.spill.done(batch)
        return drained


@asynccontextmanager
async def spilling(root: Path, **options: Any) -> AsyncIterator[Stand]:
    """An open spill, closed at the end."""
    stand = Stand(root, **options)
    await stand.spill.open()
    yield stand
    await stand.spill.close()


async def until(condition: Any) -> None:
    """Wait until a callable answers true."""
    async with asyncio.timeout(10):
        while not condition():
            await asyncio.sleep(0.005)


async def test_what_was_appended_comes_back(tmp_path: Path) -> None:
    """Also in the next process."""
    async with spilling(tmp_path) as stand:
        assert await stand.spill.append([record(1), body(1)]) == ["delivered"] * 2
    async with spilling(tmp_path) as stand:
        assert (stand.spill.records, stand.spill.bodies) == (2, 1)
        assert stand.spill.bytes == sum(
            path.stat().st_size for path in tmp_path.glob("0/*.*") if path.is_file()
        )
        assert sorted(await stand.drain()) == sorted([record(1), body(1)])
        assert (stand.spill.records, stand.spill.bytes) == (0, 0)
        assert await stand.spill.next_batch(1, 1) is None
    assert stand.losses == {}


async def test_the_age_is_that_of_the_oldest_segment(tmp_path: Path) -> None:
    async with spilling(tmp_path) as stand:
        assert stand.spill.oldest_age_s == 0
        await stand.spill.append([record(1)])
        stand.clock.advance(7)
        await stand.spill.append([body(1)])
        assert stand.spill.oldest_age_s == 7


async def test_losses_are_reported(tmp_path: Path) -> None:
    async with spilling(tmp_path, max_bytes=20_000) as stand:
        for number in range(40):
            await stand.spill.append([record(number, 1000)])
        kept = len(await stand.drain())
    assert stand.losses == {"spill_overflow": 40 - kept}


async def test_two_on_one_root_are_kept_apart(tmp_path: Path) -> None:
    async with spilling(tmp_path) as one, spilling(tmp_path) as other:
        await one.spill.append([record(1)])
        await other.spill.append([record(2)])
        assert await one.drain() == [record(1)]
        assert await other.drain() == [record(2)]


async def test_calls_at_the_same_time_do_not_mix(tmp_path: Path) -> None:
    """Appends from several tasks during a replay: everything once, each append in its order."""
    async with spilling(tmp_path, segment_bytes=20_000) as stand:
        batches = [[record(100 * each + n) for n in range(100)] for each in range(10)]
        drained: list[Outgoing] = []

        async def replaying() -> None:
            while len(drained) < 1000:
                drained.extend(await stand.drain())

        async with asyncio.timeout(30), asyncio.TaskGroup() as group:
            group.create_task(replaying())
            for batch in batches:
                group.create_task(stand.spill.append(batch))
        assert sorted(drained) == [record(number) for number in range(1000)]


async def test_a_cancelled_call_leaves_it_usable(tmp_path: Path) -> None:
    async with spilling(tmp_path) as stand:
        task = asyncio.get_running_loop().create_task(
            stand.spill.append([record(number) for number in range(5000)])
        )
        await until(lambda: "write" in stand.disk.calls)
        task.cancel()
        await asyncio.wait([task])
        assert await stand.spill.append([record(9999)]) == ["delivered"]
        drained = await stand.drain()
        assert drained[-1] == record(9999)
        assert drained[:-1] == [record(number) for number in range(len(drained) - 1)]


async def test_the_loop_goes_on_while_the_disk_hangs(tmp_path: Path) -> None:
    """However long a write takes."""
    async with spilling(tmp_path) as stand:
        loop = asyncio.get_running_loop()
        released = asyncio.Event()
        really_write = stand.disk.write

        def hanging(descriptor: int, parts: Any) -> None:
            asyncio.run_coroutine_threadsafe(released.wait(), loop).result(10)
            really_write(descriptor, parts)

        stand.disk.write = hanging  # type: ignore[method-assign]
        task = loop.create_task(stand.spill.append([record(1)]))
        for _ in range(100):
            await asyncio.sleep(0)
        assert not task.done()
        released.set()
        assert await task == ["delivered"]


async def test_it_boots_without_its_directory_and_recovers(tmp_path: Path) -> None:
    """Where its directory should be is a file: it says so, and goes on trying."""
    root = tmp_path / "spill"
    root.write_bytes(b"")
    async with spilling(root, fsync_interval_s=0.01) as stand:
        assert stand.spill.state == "unavailable"
        assert await stand.spill.append([record(1)]) == ["retry"]
        assert await stand.spill.next_batch(1, 1) is None
        root.unlink()
        await until(lambda: stand.spill.state == "ok")
        assert await stand.spill.append([record(1)]) == ["delivered"]


async def test_a_cancelled_opening_does_not_lock_us_out(tmp_path: Path) -> None:
    """What it had owned already is what the next attempt works on."""
    async with spilling(tmp_path) as stand:
        await stand.spill.append([record(1)])
    stand = Stand(tmp_path)
    released = threading.Event()
    really_read = stand.disk.read

    def hanging(path: Path) -> bytes:
        released.wait(10)
        return really_read(path)

    stand.disk.read = hanging  # type: ignore[method-assign]
    task = asyncio.get_running_loop().create_task(stand.spill.open())
    await until(lambda: "names" in stand.disk.calls)
    task.cancel()
    await asyncio.wait([task])
    released.set()
    assert await stand.drain() == [record(1)]
    await stand.spill.close()


async def test_trouble_heals_by_itself(tmp_path: Path) -> None:
    async with spilling(tmp_path, fsync_interval_s=0.01) as stand:
        stand.disk.errors["write"] = errno.ENOSPC
        assert await stand.spill.append([record(1)]) == ["retry"]
        assert stand.spill.state == "full"
        stand.disk.heal()
        await until(lambda: stand.spill.state == "ok")


async def test_an_interval_brings_appends_to_the_device(tmp_path: Path) -> None:
    async with spilling(tmp_path, fsync="interval", fsync_interval_s=0.01) as stand:
        await stand.spill.append([record(1)])
        await until(lambda: "sync" in stand.disk.calls)


async def test_after_close_nothing_is_taken(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    await stand.spill.open()
    await stand.spill.append([record(1)])
    await stand.spill.close()
    await stand.spill.close()
    await stand.spill.open()
    assert await stand.spill.append([record(2)]) == ["retry"]
    assert await stand.spill.next_batch(1, 1) is None
    async with spilling(tmp_path) as again:
        assert await again.drain() == [record(1)]


async def test_closing_what_was_never_opened(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    await stand.spill.close()
    assert list(tmp_path.iterdir()) == []
