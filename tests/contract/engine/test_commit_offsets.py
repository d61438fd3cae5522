"""Stock Faust commits past messages in progress; the engine never does."""

import asyncio
import gc
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from faust.types import TP

from app.engine.consumer import Consumer
from tests.support.kafkaless import TOPIC, engine_app, stock_app, take

SOURCE = TP(TOPIC, 0)
# committed, taken, acked -> what stock Faust commits, what may be committed
CASES = [
    pytest.param(31, range(31, 35), (32, 33, 34), 35, None, id="the-first-in-progress"),
    pytest.param(None, range(7), (5, 6), 7, None, id="a-new-group"),
    pytest.param(0, range(7), (5, 6), 7, None, id="committed-at-zero"),
    pytest.param(10, range(10, 15), (10, 11, 13, 14), 12, 12, id="a-hole"),
    pytest.param(10, range(10, 13), (10, 11, 12), 13, 13, id="all-done"),
    pytest.param(10, range(10, 13), (12, 11, 10), 13, 13, id="all-done-in-reverse"),
]


@pytest.fixture
async def stock(tmp_path: Path) -> AsyncIterator[Any]:
    async with stock_app(tmp_path) as app:
        yield app.consumer


@pytest.fixture
async def hardened(tmp_path: Path) -> AsyncIterator[Consumer]:
    async with engine_app(tmp_path) as app:
        yield app.reader


def arrange(consumer: Any, committed: int | None, taken: range, acked: tuple[int, ...]) -> Any:
    consumer._committed_offset[SOURCE] = committed
    messages = take(consumer, *taken)
    for offset in acked:
        messages[offset].ack(consumer)
    return messages


@pytest.mark.parametrize(("committed", "taken", "acked", "wrong", "right"), CASES)
def test_stock_commits_past_messages_in_progress(
    stock: Any, committed: int | None, taken: range, acked: Any, wrong: int | None, right: Any
) -> None:
    messages = arrange(stock, committed, taken, acked)
    assert stock._new_offset(SOURCE) == wrong
    del messages, right


@pytest.mark.parametrize(("committed", "taken", "acked", "wrong", "right"), CASES)
def test_the_engine_stops_at_the_first_message_in_progress(
    hardened: Consumer, committed: Any, taken: range, acked: Any, wrong: Any, right: int | None
) -> None:
    messages = arrange(hardened, committed, taken, acked)
    assert hardened._new_offset(SOURCE) == right
    del messages, wrong


def test_stock_jumps_over_a_hole_at_the_second_commit(stock: Any) -> None:
    messages = arrange(stock, 10, range(10, 15), (10, 11, 13, 14))
    stock._committed_offset[SOURCE] = stock._new_offset(SOURCE)
    assert stock._new_offset(SOURCE) == 15
    del messages


def test_the_engine_waits_at_a_hole_and_goes_on_when_it_is_filled(hardened: Consumer) -> None:
    messages = arrange(hardened, 10, range(10, 15), (10, 11, 13, 14))
    hardened._settle({SOURCE: 12})
    assert hardened._new_offset(SOURCE) is None
    messages[12].ack(hardened)
    assert hardened._new_offset(SOURCE) == 15


def test_stock_forgets_a_message_that_nobody_references(stock: Any) -> None:
    messages = arrange(stock, 10, range(10, 13), (11, 12))
    messages.clear()
    gc.collect()
    assert not stock._unacked_messages


def test_the_engine_holds_the_commit_for_a_message_that_nobody_references(
    hardened: Consumer,
) -> None:
    messages = arrange(hardened, 10, range(10, 13), (11, 12))
    messages.clear()
    gc.collect()
    assert hardened._new_offset(SOURCE) is None


def test_stock_waits_for_ever_for_an_acked_message_below_the_committed_offset(stock: Any) -> None:
    messages = arrange(stock, 10, range(5, 6), (5,))
    assert list(stock._unacked_messages) == [messages[5]]


def test_the_engine_lets_go_of_an_acked_message_below_the_committed_offset(
    hardened: Consumer,
) -> None:
    arrange(hardened, 10, range(5, 6), (5,))
    assert not hardened._unacked_messages
    assert hardened._new_offset(SOURCE) is None


async def test_stock_counts_a_late_ack_of_a_revoked_generation(stock: Any) -> None:
    messages = take(stock, 20)
    for each in (stock._acked, stock._acked_index, stock._committed_offset):
        each.pop(SOURCE, None)
    messages[20].ack(stock)
    assert stock._new_offset(SOURCE) == 21


async def test_the_engine_ignores_a_late_ack_of_a_revoked_generation(hardened: Consumer) -> None:
    messages = take(hardened, 20)
    hardened._leave()
    messages[20].acked = False
    messages[20].ack(hardened)
    assert hardened._new_offset(SOURCE) is None
    hardened.reading_generation = 2
    late = take(hardened, 21)
    late[21].ack(hardened)
    assert hardened._new_offset(SOURCE) is None


async def test_stock_forgets_acks_whose_commit_fails(stock: Any) -> None:
    messages = arrange(stock, 10, range(10, 12), (10, 11))
    assert stock._filter_committable_offsets([SOURCE]) == {SOURCE: 12}
    assert stock._filter_committable_offsets([SOURCE]) == {}
    del messages


async def test_the_engine_keeps_acks_until_their_commit_has_ended_well(
    hardened: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrange(hardened, 10, range(10, 12), (10, 11))
    answers = iter([False, True])
    committed: list[Any] = []

    async def commit(offsets: Any) -> bool:
        committed.append(dict(offsets))
        return next(answers)

    monkeypatch.setattr(hardened, "assignment", lambda: {SOURCE})
    monkeypatch.setattr(hardened, "_commit", commit)
    assert await hardened.commit() is False
    assert await hardened.commit() is True
    assert committed == [{SOURCE: 12}, {SOURCE: 12}]
    assert await hardened.commit() is False


async def test_two_commits_at_once_both_commit(
    hardened: Consumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages = take(hardened, 0, 1)
    messages[0].ack(hardened)
    gate, entered = asyncio.Event(), asyncio.Event()
    committed: list[Any] = []

    async def commit(offsets: Any) -> bool:
        entered.set()
        await gate.wait()
        committed.append(dict(offsets))
        return True

    monkeypatch.setattr(hardened, "assignment", lambda: {SOURCE})
    monkeypatch.setattr(hardened, "_commit", commit)
    first = asyncio.ensure_future(hardened.commit())
    await entered.wait()
    messages[1].ack(hardened)
    second = asyncio.ensure_future(hardened.commit())
    gate.set()
    assert await first is True
    assert await second is True
    assert committed == [{SOURCE: 1}, {SOURCE: 2}]
