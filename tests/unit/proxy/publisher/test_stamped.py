"""What is stamped counts as proxied from then on, whatever becomes of its record."""

from pathlib import Path

from app.accounting.counts import Counts
from proxy.publisher.accounts.book import Book
from proxy.publisher.accounts.layout import counts_of, slots
from tests.support.finished import finished
from tests.unit.proxy.publisher.test_publisher import publishing, until


def told_by(book: Book) -> list[Counts]:
    """All that moved."""
    return list(book.tell(book.moved()))


async def test_what_is_stamped_is_proxied_though_its_record_is_never_made(tmp_path: Path) -> None:
    """As much as one process may have answered when it is killed."""
    async with publishing() as stand:
        stand.publisher.book = book = Book(tmp_path, "p")
        for number, tenant in enumerate(["a", "b", "a"]):
            assert stand.publisher.stamp(tenant).sequence == number
        told = {each.tenant: (each.proxied, each.pending) for each in told_by(book)}
        assert told == {"a": (2, 2), "b": (1, 1)}
        (dead,) = [each for each in slots(book.path.read_bytes()) if each.tenant == "b"]
        assert counts_of(dead, "p", dead=True).dropped == {"killed": 1}


async def test_one_that_is_offered_under_its_stamp_is_counted_once(tmp_path: Path) -> None:
    async with publishing() as stand:
        stand.publisher.book = book = Book(tmp_path, "p")
        stamp = stand.publisher.stamp("default")
        stand.publisher.offer(finished(stamp.sequence))
        await until(lambda: stand.sequences() == [0])
        (told,) = told_by(book)
        assert (told.tenant, told.proxied, told.durable) == ("default", 1, 1)


async def test_one_that_was_stamped_and_comes_after_the_close_is_dropped(tmp_path: Path) -> None:
    """Its account is told and closed by then: it is pending there, which is what it is."""
    async with publishing() as stand:
        stand.publisher.book = book = Book(tmp_path, "p")

        async def close() -> None:
            book.close(told=False)

        stand.publisher.before_close = close
        stamp = stand.publisher.stamp("default")
    stand.publisher.offer(finished(stamp.sequence))
    assert stand.count("dropped_total", reason="shutdown") == 1
    (left,) = [each for each in slots(book.path.read_bytes()) if each.tenant == "default"]
    assert counts_of(left, "p").pending == 1
