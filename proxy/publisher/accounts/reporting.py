"""Telling the topic `counts`, every few seconds, and reporting for the dead.

Only the broker is told: what it does not take now is told later, as values are absolute. The file
of a process that is no more is found by its lock, reported, and removed once the broker has it.
"""

import asyncio
import fcntl
import logging
import os
from collections.abc import Awaitable, Callable, Iterable, Sequence
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
# About a third of a millisecond; then the event loop has its turn.
SLICE_COUNTS = 30
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
        """`deliver` reaches the broker and nothing else; `may_tell`: whether there is one now."""
        self._book = book
        self._topic = topic
        self._deliver = deliver
        self._may_tell = may_tell
        self._clock = clock
        self._every_s = every_s
        self._task: asyncio.Task[None] | None = None
        self._buried = False
        self._left: set[Path] = set()

    def start(self) -> None:
        """Begin."""
        self._task = spawn(self._run(), name="accounts-report")

    async def close(self) -> None:
        """Tell what is left, if there is a broker, and let go of the file, whatever happens.

        A process that ran too shortly to report for the dead does so now.
        """
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        told = False
        try:
            if not self._buried:
                await self.bury()
            told = await self.report()
        except Exception:
            logger.exception("counts were not told; the next process tells them")
        finally:
            self._book.close(told=told)

    async def report(self) -> bool:
        """Tell what moved; whether everything is told."""
        moved, told = self._book.moved(), False
        try:
            told = await self._tell(self._book.tell(moved))
        finally:
            # Also if the process ends meanwhile: then they are told once more at its end.
            if not told:
                self._book.not_told(moved)
        if told:
            self._book.forget(self._clock.now_s())
        return told

    async def bury(self) -> int:
        """Report for the dead, and remove their files; how many there were.

        A file that cannot be read or removed is left where it is, which is logged once.
        """
        found = await asyncio.to_thread(self._dead)
        for path, counts in found:
            if not await self._tell(counts):
                return 0
            try:
                await asyncio.to_thread(path.unlink, missing_ok=True)
            except OSError as exc:
                self._leave(path, f"cannot be removed: {exc.strerror}")
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

    async def _tell(self, counts: Iterable[Counts]) -> bool:
        batch: list[Outgoing] = []
        for each in counts:
            batch.append(Outgoing(self._topic, each.key, each.encode()))
            if len(batch) % SLICE_COUNTS == 0:
                await asyncio.sleep(0)
        if not batch:
            return True
        if not self._may_tell():
            return False
        results = await self._deliver(batch)
        return all(result == "delivered" for result in results)

    def _dead(self) -> list[tuple[Path, list[Counts]]]:
        """The files that nobody holds, and what is to be told of each."""
        found, own = [], self._book.path
        for path in sorted(own.parent.glob(f"*{SUFFIX}")):
            if path == own or path in self._left:
                continue
            try:
                data = _left_in(path)
            except OSError as exc:
                self._leave(path, f"cannot be read: {exc.strerror}")
                continue
            if data is None:
                continue
            producer_id = producer_of(data)
            if producer_id is None:
                self._leave(path, "is no file of counts, or of another version")
                continue
            counts = [counts_of(slot, producer_id, dead=True) for slot in slots(data)]
            found.append((path, [each for each in counts if each.proxied or each.dropped]))
        return found

    def _leave(self, path: Path, why: str) -> None:
        """Never look at a file again."""
        self._left.add(path)
        logger.error("left where it is: %s %s", path, why)


def _left_in(path: Path) -> bytes | None:
    """What a dead process has left; None if it lives, or was just reported. Raises: OSError."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        # By its name: another process may have removed it before we had the lock.
        return path.read_bytes()
    except (BlockingIOError, FileNotFoundError):
        return None
    finally:
        os.close(file)
