"""Objects of unknown length: one PUT or parts, tried again, invisible until they are whole."""

import os

import pytest

from app.errors import SinkRefused, StoreUnavailable
from app.sinks.archive import writing
from app.sinks.archive.memory import MemoryStore
from app.sinks.archive.writing import Writing

PART = os.urandom(5 << 20)


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(writing, "LONGEST_WAIT_S", 0.001)


def begun(store: MemoryStore) -> Writing:
    return Writing(store, "k", lambda: 0.0)


async def test_one_part_is_one_put() -> None:
    store = MemoryStore()
    await begun(store).write(b"small", is_last=True)
    assert (store.objects, store.puts_total) == ({"k": b"small"}, 1)


@pytest.mark.parametrize("last", [b"the rest", b""])
async def test_parts_are_seen_once_the_last_is_written(last: bytes) -> None:
    store = MemoryStore()
    one = begun(store)
    await one.write(PART, is_last=False)
    await one.write(PART, is_last=False)
    assert store.objects == {}
    await one.write(last, is_last=True)
    assert store.objects == {"k": PART + PART + last}


async def test_what_is_aborted_is_never_seen() -> None:
    store = MemoryStore()
    one = begun(store)
    await one.write(PART, is_last=False)
    await one.abort()
    assert store.objects == {}
    await begun(store).abort()


class Flaky(MemoryStore):
    """In trouble for the first few calls."""

    def __init__(self, failures: int, error: StoreUnavailable | SinkRefused) -> None:
        super().__init__()
        self._failures, self._error = failures, error
        self.calls = 0

    def meet_trouble(self) -> None:
        self.calls += 1
        self.trouble = self._error if self.calls <= self._failures else None
        super().meet_trouble()


@pytest.mark.parametrize("failures", [1, writing.ATTEMPTS - 1])
async def test_a_store_in_trouble_is_tried_again(failures: int) -> None:
    store = Flaky(failures, StoreUnavailable("throttled", "SlowDown", 9))
    await begun(store).write(b"x", is_last=True)
    assert store.objects == {"k": b"x"}


async def test_but_not_for_ever_and_what_is_refused_not_at_all() -> None:
    store = Flaky(99, StoreUnavailable("down", "away"))
    with pytest.raises(StoreUnavailable):
        await begun(store).write(b"x", is_last=True)
    assert store.calls == writing.ATTEMPTS
    refusing = Flaky(99, SinkRefused("no"))
    with pytest.raises(SinkRefused):
        await begun(refusing).write(b"x", is_last=True)
    assert refusing.calls == 1
