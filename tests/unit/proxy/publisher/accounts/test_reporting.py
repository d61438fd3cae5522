"""Told when there is a broker, told again when it did not arrive, told for the dead."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from app.accounting.counts import Counts, decode_counts
from app.clock import ManualClock
from proxy.publisher.accounts.book import Book
from proxy.publisher.accounts.reporting import SLICE_COUNTS, Reporter
from proxy.publisher.outgoing import Outgoing
from proxy.publisher.outlet import Result

NOW_S = 1_790_000_000.0


class Broker:
    """Takes what it is given while it is there."""

    def __init__(self) -> None:
        self.there = True
        self.takes: Result = "delivered"
        self.told: list[Counts] = []

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        if self.takes == "delivered":
            self.told += [decode_counts(message.value) for message in batch]
        return [self.takes] * len(batch)

    def reporter(self, book: Book) -> Reporter:
        return Reporter(
            book,
            "counts",
            self.deliver,
            may_tell=lambda: self.there,
            clock=ManualClock(NOW_S),
            every_s=0.001,
        )


class SlowBroker(Broker):
    """Answers nothing until `answers`."""

    def __init__(self) -> None:
        super().__init__()
        self.asked, self.answers = asyncio.Event(), asyncio.Event()

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        self.asked.set()
        await self.answers.wait()
        return await super().deliver(batch)


class BrokenBroker(Broker):
    """Raises, against its contract."""

    async def deliver(self, batch: Sequence[Outgoing]) -> list[Result]:
        raise ValueError("a bug")


async def test_told_once_there_is_a_broker(tmp_path: Path) -> None:
    broker, book = Broker(), Book(tmp_path, "p")
    reporter = broker.reporter(book)
    book.account("t", NOW_S).add("proxied")
    broker.there = False
    assert not await reporter.report()
    broker.there, broker.takes = True, "retry"
    assert not await reporter.report()
    broker.takes = "delivered"
    assert await reporter.report()
    assert [each.proxied for each in broker.told] == [1]
    reporter.start()
    book.account("t", NOW_S).add("durable")
    await reporter.close()
    assert [each.durable for each in broker.told] == [0, 1]
    assert not book.path.exists()


async def test_told_for_the_dead(tmp_path: Path) -> None:
    """Once; the living are left alone, what cannot be read is left where it is."""
    broker = Broker()
    dead, alive, own = (Book(tmp_path, name) for name in ("dead", "alive", "own"))
    for book in (dead, alive):
        book.account("t", NOW_S).add("proxied", 3)
    dead.account("t", NOW_S).add("durable")
    dead.close(told=False)
    (tmp_path / "broken.counts").write_bytes(b"x" * 500)
    reporter = broker.reporter(own)
    broker.there = False
    assert await reporter.bury() == 0
    broker.there = True
    assert await reporter.bury() == 1
    assert [(each.producer_id, each.dropped) for each in broker.told] == [("dead", {"killed": 2})]
    assert await reporter.bury() == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "alive.counts",
        "broken.counts",
        "own.counts",
    ]
    alive.close(told=True)
    await reporter.close()


async def test_one_that_ends_at_once_has_told_for_the_dead(tmp_path: Path) -> None:
    """A successor may be stopped before its first report: the killed are counted all the same."""
    broker = Broker()
    dead, own = Book(tmp_path, "dead"), Book(tmp_path, "own")
    dead.account("t", NOW_S).add("proxied", 6)
    dead.close(told=False)
    broker.there = False
    await broker.reporter(own).close()
    assert (tmp_path / "dead.counts").exists()
    broker.there = True
    reporter = broker.reporter(Book(tmp_path, "later"))
    reporter.start()
    await reporter.close()
    assert [(each.producer_id, each.dropped) for each in broker.told] == [("dead", {"killed": 6})]
    assert not list(tmp_path.iterdir())


async def test_what_was_being_told_when_the_process_ends_is_told_at_its_end(tmp_path: Path) -> None:
    """Whether the broker had it by then is not known."""
    broker, book = SlowBroker(), Book(tmp_path, "p")
    book.account("t", NOW_S).add("proxied")
    reporter = broker.reporter(book)
    reporter.start()
    async with asyncio.timeout(10):
        await broker.asked.wait()
        broker.answers.set()
        # Cancelled in the same turn: the answer is never heard.
        await reporter.close()
    assert [each.proxied for each in broker.told] == [1]
    assert not book.path.exists()


async def test_a_file_that_cannot_be_read_hinders_nothing(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the other dead nor our own; it is said once."""
    broker, own = Broker(), Book(tmp_path, "own")
    own.account("t", NOW_S).add("proxied", 3)
    dead = Book(tmp_path, "dead")
    dead.account("t", NOW_S).add("proxied", 2)
    dead.close(told=False)
    (tmp_path / "a-loop.counts").symlink_to("a-loop.counts")
    (tmp_path / "a-directory.counts").mkdir()
    reporter = broker.reporter(own)
    broker.takes = "retry"
    for _ in range(3):
        assert await reporter.bury() == 0
    broker.takes = "delivered"
    reporter.start()
    async with asyncio.timeout(10):
        while len(broker.told) < 2:
            await asyncio.sleep(0.001)
    await reporter.close()
    assert {each.producer_id: each.proxied for each in broker.told} == {"own": 3, "dead": 2}
    assert caplog.text.count("a-loop.counts") == caplog.text.count("a-directory.counts") == 1


async def test_a_file_that_cannot_be_removed_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """By this process."""
    broker, dead, own = Broker(), Book(tmp_path, "dead"), Book(tmp_path, "own")
    dead.account("t", NOW_S).add("proxied", 2)
    dead.close(told=False)

    def unlink(*_: object) -> None:
        raise PermissionError(1, "not permitted")

    with monkeypatch.context() as patch:
        patch.setattr(os, "unlink", unlink)
        reporter = broker.reporter(own)
        assert [await reporter.bury() for _ in range(3)] == [1, 0, 0]
    await reporter.close()
    assert [each.producer_id for each in broker.told] == ["dead"]
    assert caplog.text.count("cannot be removed") == 1


async def test_whatever_fails_at_the_end_the_file_is_let_go_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The outlet is closed after it, and the next process tells what is left."""
    book = Book(tmp_path, "p")
    book.account("t", NOW_S).add("proxied")
    await BrokenBroker().reporter(book).close()
    assert "the next process tells them" in caplog.text
    broker, later = Broker(), Book(tmp_path, "later")
    await broker.reporter(later).close()
    assert [(each.producer_id, each.proxied) for each in broker.told] == [("p", 1)]


async def test_others_have_their_turn_while_much_is_told(tmp_path: Path) -> None:
    """After an outage every tenant's every minute is."""
    broker, book, slices, turns = Broker(), Book(tmp_path, "p"), 10, 0
    for number in range(slices * SLICE_COUNTS):
        book.account(f"t{number}", NOW_S).add("durable")
    reporter = broker.reporter(book)
    telling = asyncio.ensure_future(reporter.report())
    while not telling.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns >= slices
    assert len({each.tenant for each in broker.told}) == slices * SLICE_COUNTS
    await reporter.close()
