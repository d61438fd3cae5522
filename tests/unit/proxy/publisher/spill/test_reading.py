"""Batches of the oldest messages, and segments deleted once they are done."""

import errno
from pathlib import Path

from proxy.publisher.spill.format import DATA_START
from proxy.publisher.spill.reading import SpillBatch
from tests.support.spill import SpillStand, body, record, run


def batch(stand: SpillStand, max_messages: int = 100, max_bytes: int = 1 << 20) -> SpillBatch:
    """The next batch; there must be one."""
    found = run(stand.store.gather(max_messages, max_bytes))
    assert found is not None
    return found


def test_batches_are_bounded_by_messages(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(*(record(number) for number in range(5)))
    assert [len(stand.take(2)) for _ in range(4)] == [2, 2, 1, 0]


def test_batches_are_bounded_by_bytes_but_hold_one(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(*(record(number, 1000) for number in range(3)))
    assert stand.take(max_bytes=2200) == [record(0, 1000), record(1, 1000)]
    assert stand.take(max_bytes=1) == [record(2, 1000)]


def test_the_same_batch_until_it_is_done(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(record(1), record(2))
    first = batch(stand, 1)
    assert batch(stand, 100) is first
    run(stand.store.done(first))
    run(stand.store.done(first))
    assert batch(stand).messages == [record(2)]


def test_a_segment_is_deleted_when_all_of_it_is_done(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(record(1), record(2))
    assert stand.take(1) == [record(1)]
    assert len(stand.files()) == 1
    assert stand.segments.totals().records == 1
    assert stand.take(1) == [record(2)]
    assert stand.files() == []
    assert stand.segments.losses == {}


def test_what_is_appended_meanwhile_comes_later(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(record(1), record(2))
    first = batch(stand, 1)
    stand.append(record(3))
    run(stand.store.done(first))
    assert stand.drain() == [record(2), record(3)]
    assert stand.files() == []


def test_kinds_come_by_the_time_of_their_segments(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path, segment_age_s=1)
    for number in range(2):
        stand.append(record(number), body(number))
        stand.clock.advance(2)
    assert stand.drain() == [record(0), body(0), record(1), body(1)]


def test_a_batch_given_up_meanwhile_is_done_harmlessly(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(record(1))
    found = batch(stand)
    stand.segments.retire(stand.segments.all[0])
    run(stand.store.done(found))
    assert stand.drain() == []


def test_damage_since_it_was_written_is_counted_at_the_end(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(*(record(number) for number in range(4)))
    stand.close()
    path = stand.files()[0]
    data = bytearray(path.read_bytes())
    data[DATA_START + 30] ^= 1
    path.write_bytes(data)
    assert stand.drain() == [record(1), record(2), record(3)]
    assert stand.segments.losses == {"spill_corrupt": 1}
    assert stand.files() == []


def test_damage_at_the_end_is_counted_too(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(record(1), body(1))
    stand.close()
    for path in stand.files():
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert stand.drain() == []
    assert stand.segments.losses == {"spill_corrupt": 1, "spill_body_corrupt": 1}


def test_a_file_that_is_gone_is_a_loss(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path, segment_age_s=1)
    stand.append(record(1))
    stand.clock.advance(2)
    stand.append(record(2))
    stand.files()[0].unlink()
    assert stand.drain() == [record(2)]
    assert stand.segments.losses == {"spill_corrupt": 1}


def test_what_cannot_be_read_now_is_read_later(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(record(1))
    stand.disk.errors["read"] = errno.EIO
    assert stand.drain() == []
    assert stand.segments.state == "unavailable"
    assert stand.segments.totals().records == 1
    stand.disk.heal()
    assert stand.drain() == [record(1)]


def test_long_batches_pause(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(*(record(number) for number in range(350)))
    assert len(list(stand.store.gather(1000, 1 << 20))) == 3
