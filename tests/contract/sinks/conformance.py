"""The suite that every sink and its twin pass.

A sink's own test module derives from `Conformance` and gives a `case` fixture: a `Case`, which
knows how to make items, how to see what the backend keeps, and how to make the backend misbehave.
A fault that a backend cannot have is left as it is and skipped, by name.

    class TestArchive(Conformance):
        @pytest.fixture
        async def case(self) -> AsyncIterator[Case[Exchange]]:
            yield ArchiveCase(...)
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import Any, Generic, TypeVar

import pytest

from app.sinks.contract import Done, Fatal, RetryAfter, Sink, Verdict

Item = TypeVar("Item")
Kept = dict[Hashable, Any]


class Case(ABC, Generic[Item]):
    """One sink over one backend that begins empty; `sink` is started."""

    sink: Sink[Item]

    @abstractmethod
    def item(self, number: int) -> Item:
        """A good item; the same number gives the same one."""

    @abstractmethod
    async def kept(self) -> Kept:
        """What a reader of the backend gets: by identity, the content."""

    @abstractmethod
    def content(self, number: int) -> tuple[Hashable, Any]:
        """Identity and content of an item, as `kept` has them."""

    def poison(self) -> Item:
        """An item that the backend refuses for ever."""
        pytest.skip("this backend refuses nothing for ever")

    async def refuse(self, *, is_down: bool) -> None:
        """Make the backend unreachable, or well again."""
        pytest.skip("this backend cannot be away")

    async def throttle(self, after_s: float | None) -> None:
        """Make the backend ask for time, or take things again."""
        pytest.skip("this backend does not throttle")

    async def slow(self) -> asyncio.Event:
        """Make the backend wait in the middle of a write until the event is set."""
        pytest.skip("this backend cannot be made slow")


class Conformance:
    """The suite."""

    async def test_an_empty_batch_is_nothing(self, case: Case[Any]) -> None:
        assert await case.sink.write([]) == []
        assert await case.kept() == {}

    async def test_what_is_done_can_be_read(self, case: Case[Any]) -> None:
        await written(case, range(20))
        await assert_kept(case, range(20))
        assert case.sink.state == "ok"

    async def test_a_duplicate_batch_changes_nothing(self, case: Case[Any]) -> None:
        await written(case, range(5))
        await written(case, range(5))
        await assert_kept(case, range(5))

    async def test_batches_cut_in_another_way_change_nothing(self, case: Case[Any]) -> None:
        await written(case, range(6))
        await written(case, range(4))
        await written(case, range(2, 9))
        await assert_kept(case, range(9))

    async def test_an_item_twice_in_one_batch_is_kept_once(self, case: Case[Any]) -> None:
        await written(case, [1, 2, 1])
        await assert_kept(case, [1, 2])

    async def test_poison_in_the_middle_is_refused_alone(self, case: Case[Any]) -> None:
        batch = [case.item(0), case.poison(), case.item(1)]
        verdicts = await until_settled(case, batch)
        assert [type(each) for each in verdicts] == [_done(verdicts[0]), Fatal, _done(verdicts[2])]
        await assert_kept(case, [0, 1])

    async def test_a_backend_that_is_away_takes_nothing_and_all_later(
        self, case: Case[Any]
    ) -> None:
        await case.refuse(is_down=True)
        verdicts = await case.sink.write([case.item(each) for each in range(3)])
        assert [type(each) for each in verdicts] == [RetryAfter] * 3
        assert case.sink.state != "ok"
        await case.refuse(is_down=False)
        await written(case, range(3))
        await assert_kept(case, range(3))
        assert case.sink.state == "ok"

    async def test_a_backend_that_asks_for_time_is_given_it(self, case: Case[Any]) -> None:
        await case.throttle(3.0)
        verdicts = await case.sink.write([case.item(0), case.item(1)])
        assert [type(each) for each in verdicts] == [RetryAfter] * 2
        assert case.sink.state == "throttled"
        await case.throttle(None)
        await written(case, range(2))
        assert case.sink.state == "ok"

    async def test_a_slow_backend_is_waited_for(self, case: Case[Any]) -> None:
        gate = await case.slow()
        writing = asyncio.ensure_future(written(case, range(4)))
        done, _ = await asyncio.wait({writing}, timeout=0.1)
        assert not done
        gate.set()
        await writing
        await assert_kept(case, range(4))

    async def test_cancelled_half_way_all_can_be_written_again(self, case: Case[Any]) -> None:
        gate = await case.slow()
        writing = asyncio.ensure_future(case.sink.write([case.item(each) for each in range(4)]))
        await asyncio.wait({writing}, timeout=0.1)
        writing.cancel()
        done, _ = await asyncio.wait({writing}, timeout=5)
        assert done
        assert writing.cancelled()
        gate.set()
        await written(case, range(4))
        await assert_kept(case, range(4))

    async def test_closed_twice_is_closed(self, case: Case[Any]) -> None:
        await written(case, [0])
        await case.sink.close()
        await case.sink.close()


async def until_settled(case: Case[Any], batch: Sequence[Any]) -> list[Verdict]:
    """The verdicts once nothing of the batch is to be tried again; at most ten attempts."""
    settled: dict[int, Verdict] = {}
    for _ in range(10):
        left = [number for number in range(len(batch)) if number not in settled]
        verdicts = await case.sink.write([batch[number] for number in left])
        assert len(verdicts) == len(left)
        settled |= {
            number: verdict
            for number, verdict in zip(left, verdicts, strict=True)
            if not isinstance(verdict, RetryAfter)
        }
        if len(settled) == len(batch):
            break
    return [settled[number] for number in range(len(batch))]


async def written(case: Case[Any], numbers: Sequence[int]) -> None:
    """Write items in one batch; all of them must be done in the end."""
    for verdict in await until_settled(case, [case.item(number) for number in numbers]):
        assert isinstance(verdict, Done), verdict


async def assert_kept(case: Case[Any], numbers: Sequence[int]) -> None:
    """The backend holds these items and no others."""
    assert await case.kept() == dict(case.content(number) for number in numbers)


def _done(verdict: Verdict) -> type[Verdict]:
    assert isinstance(verdict, Done), verdict
    return type(verdict)
