"""Told when there is a broker, told again when it did not arrive, told for the dead."""

from collections.abc import Sequence
from pathlib import Path

from app.accounting.counts import Counts, decode_counts
from app.clock import ManualClock
from proxy.publisher.accounts.book import Book
from proxy.publisher.accounts.reporting import Reporter
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
            book, "counts", self.deliver, may_tell=lambda: self.there, clock=ManualClock(NOW_S)
        )


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
