"""Telling the topic `counts`, every few seconds, and reporting for the dead.

Only the broker is told: what it does not take now is told later, as values are absolute. The file
of a process that is no more is found by its lock, reported, and removed once the broker has it.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

from app.accounting.counts import Counts
from app.clock import Clock
from app.tasks import spawn
from proxy.publisher.accounts.book import SUFFIX, Book
from proxy.publisher.accounts.layout import counts_of, producer_of, slots
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result

logger = logging.getLogger(__name__)
EVERY_S = 2.0
Deliver = Callable[[Sequence[Outgoing]], Awaitable[list[Result]]]


class Reporter:
    """Reports a book, and those of the dead in the same directory."""

    def __init__(
        self,
        book: Book,
        topic: str,
        deliver: Deliver,
        *,
        may_tell: Callable[[], bool],
        clock: Clock,
        every_s: float = EVERY_S,
    ) -> None:
        """`deliver` reaches the broker; `may_tell` says whether there is one now."""
        self._book = book
        self._topic = topic
        self._deliver = deliver
        self._may_tell = may_tell
        self._clock = clock
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None
        self._buried = False

    def start(self) -> None:
        """Begin."""
        self._task = spawn(self._run(), name="accounts-report")

    async def close(self) -> None:
        """Tell what is left, if there is a broker, and let go of the file.

        A process that ran too shortly to report for the dead does so now.
        """
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if not self._buried:
            await self.bury()
        told = await self.report()
        self._book.close(told=told)

    async def report(self) -> bool:
        """Tell what moved; whether everything is told."""
        moved = self._book.moved()
        if not moved:
            return True
        if await self._tell(moved):
            self._book.forget(self._clock.now_s())
            return True
        self._book.not_told(moved)
        return False

    async def bury(self) -> int:
        """Report for the dead, and remove their files; how many there were."""
        found = await asyncio.to_thread(_dead, self._book.path)
        for path, counts in found:
            if not await self._tell(counts):
                return 0
            await asyncio.to_thread(path.unlink, missing_ok=True)
            killed = sum(each.dropped.get("killed", 0) for each in counts)
            if killed:
                logger.error("a killed process took %d records with it: %s", killed, path.stem)
        self._buried = True
        return len(found)

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(self._every_s)
            try:
                if self._may_tell():
                    if not self._buried:
                        await self.bury()
                    await self.report()
            except Exception:
                logger.exception("counts were not told; they are told later")

    async def _tell(self, counts: Sequence[Counts]) -> bool:
        if not counts:
            return True
        if not self._may_tell():
            return False
        batch = [Outgoing(self._topic, each.key, each.encode()) for each in counts]
        results = await self._deliver(batch)
        return all(result == "delivered" for result in results)


def _dead(own: Path) -> list[tuple[Path, list[Counts]]]:
    """The files that nobody holds, and what is to be told of each."""
    found = []
    for path in sorted(own.parent.glob(f"*{SUFFIX}")):
        if path == own:
            continue
        try:
            file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            # Another process has just reported it.
            continue
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            data = path.read_bytes()
        except OSError:
            continue
        finally:
            os.close(file)
        producer_id = producer_of(data)
        if producer_id is None:
            logger.error("%s cannot be read: left where it is", path)
            continue
        counts = [counts_of(slot, producer_id, dead=True) for slot in slots(data)]
        found.append((path, [each for each in counts if each.proxied or each.dropped]))
    return found
