"""Appends, segments sealed by size and age, room made in the stated order, trouble as states."""

import errno
from pathlib import Path

import pytest

from proxy.publisher.spill.format import KINDS, decode_header
from proxy.publisher.spill.writing import framed_bytes, slices
from tests.support.spill import SpillStand, body, record, run


def kinds(stand: SpillStand) -> list[str]:
    """Of the segments on the disk, oldest first."""
    return [path.suffix[1:] for path in stand.files()]


def test_records_and_bodies_lie_apart(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    assert stand.append(body(1), record(1), body(2), record(2)) == ["delivered"] * 4
    assert sorted(kinds(stand)) == sorted(KINDS)
    assert [path.stat().st_size for path in stand.files()] == [s.bytes for s in stand.segments.all]


def test_a_segment_says_who_wrote_it_and_when(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(record(1))
    header = decode_header(stand.files()[0].read_bytes())
    assert header is not None
    assert (header.producer, header.kind) == ("test", "records")
    assert header.created_ms == stand.clock.now_s() * 1000


def test_a_segment_is_sealed_by_size(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path, segment_bytes=1000)
    for number in range(20):
        stand.append(record(number, 400))
    assert len(stand.files()) == 10
    assert stand.drain() == [record(number, 400) for number in range(20)]


def test_a_segment_is_sealed_by_age(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path, segment_age_s=60)
    for age_s in (0, 59, 2, 0):
        stand.clock.advance(age_s)
        stand.append(record(age_s))
    assert len(stand.files()) == 2


def test_segments_keep_their_order_when_the_clock_goes_back(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path, segment_age_s=1)
    for number in range(4):
        stand.append(record(number))
        stand.clock.advance(1)
        stand.clock.jump(-3600)
    assert stand.drain() == [record(number) for number in range(4)]


def test_over_the_limit_the_oldest_bodies_go_first(tmp_path: Path) -> None:
    """And no record, while there is a body."""
    stand = SpillStand(tmp_path, max_bytes=40_000)
    for number in range(15):
        stand.append(record(number, 1000), body(number, 2000))
    kept = stand.drain()
    assert [each for each in kept if each.topic == "t.exchanges"] == [
        record(number, 1000) for number in range(15)
    ]
    bodies = [each for each in kept if each.topic == "t.bodies"]
    assert 0 < len(bodies) < 15
    assert bodies == [body(number, 2000) for number in range(15 - len(bodies), 15)]
    assert stand.segments.losses == {"spill_body_overflow": 15 - len(bodies)}


def test_without_bodies_the_oldest_records_go(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path, max_bytes=20_000)
    for number in range(100):
        assert stand.append(record(number, 1000)) == ["delivered"]
        assert stand.segments.bytes <= 20_000
    kept = stand.drain()
    assert kept == [record(number, 1000) for number in range(100 - len(kept), 100)]
    assert len(kept) >= 15
    assert stand.segments.losses == {"spill_overflow": 100 - len(kept)}


def test_a_body_never_takes_the_place_of_a_record(tmp_path: Path) -> None:
    """It is taken, dropped and counted, so that nobody tries it again and again."""
    stand = SpillStand(tmp_path, max_bytes=20_000)
    for number in range(18):
        stand.append(record(number, 1000))
    assert stand.append(body(1, 5000)) == ["delivered"]
    assert stand.segments.losses == {"spill_body_overflow": 1}
    assert stand.drain() == [record(number, 1000) for number in range(18)]


def test_what_is_longer_than_the_limit_costs_nothing_else(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path, max_bytes=20_000)
    stand.append(record(1))
    assert stand.append(record(2, 30_000)) == ["retry"]
    assert stand.drain() == [record(1)]


def test_what_is_in_hand_is_not_given_up(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path, max_bytes=20_000)
    stand.append(record(0, 1000))
    batch = run(stand.store.gather(10, 1 << 20))
    assert batch is not None
    for number in range(1, 60):
        stand.append(record(number, 1000))
    stand.store.reading.done(batch)
    assert stand.segments.losses["spill_overflow"] == 59 - len(stand.drain())


def test_over_the_age_limit_segments_go(tmp_path: Path) -> None:
    """Our own clock counts, not a wall clock that jumped."""
    stand = SpillStand(tmp_path, max_age_s=1000, segment_age_s=10)
    stand.append(record(1), body(1))
    stand.clock.advance(500)
    stand.clock.jump(1_000_000)
    stand.append(record(2))
    assert stand.segments.losses == {}
    stand.clock.advance(501)
    assert stand.drain() == [record(2)]
    assert stand.segments.losses == {"spill_expired": 1, "spill_body_expired": 1}


def test_what_is_in_hand_does_not_expire(tmp_path: Path) -> None:
    """It may be delivered already."""
    stand = SpillStand(tmp_path, max_age_s=1000)
    stand.append(record(1), record(2))
    batch = run(stand.store.gather(1, 1 << 20))
    assert batch is not None
    stand.clock.advance(2000)
    run(stand.store.upkeep())
    assert stand.segments.losses == {}
    run(stand.store.done(batch))
    run(stand.store.upkeep())
    assert stand.segments.losses == {"spill_expired": 1}


def test_a_full_disk_is_a_state_and_heals(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    assert stand.append(record(1)) == ["delivered"]
    stand.disk.free_bytes = 60
    assert stand.append(record(2)) == ["retry"]
    assert stand.segments.state == "full"
    stand.disk.heal()
    assert stand.append(record(2)) == ["delivered"]
    assert stand.segments.state == "ok"
    assert stand.drain() == [record(1), record(2)]
    assert stand.segments.losses == {}


def test_on_a_full_disk_bodies_make_room_for_records(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path, segment_bytes=2000)
    for number in range(4):
        stand.append(body(number, 3000))
    stand.disk.free_bytes = 100
    assert stand.append(record(1, 1000)) == ["delivered"]
    assert stand.segments.losses == {"spill_body_overflow": 1}
    assert stand.append(body(9, 6000)) == ["retry"]
    assert stand.segments.losses == {"spill_body_overflow": 1}


def test_a_limit_on_the_length_of_files_costs_no_bodies(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(body(1))
    stand.disk.errors["write"] = errno.EFBIG
    assert stand.append(record(1)) == ["retry"]
    assert stand.segments.state == "full"
    assert stand.segments.losses == {}


def test_a_read_only_disk_is_a_state_and_heals(tmp_path: Path) -> None:
    """What is there is replayed meanwhile, and deleted when that is possible."""
    stand = SpillStand(tmp_path)
    stand.append(record(1))
    stand.disk.read_only()
    assert stand.append(record(2)) == ["retry"]
    assert stand.segments.state == "read_only"
    assert stand.drain() == [record(1)]
    assert stand.drain() == []
    assert len(stand.files()) == 1
    stand.disk.heal()
    run(stand.store.upkeep())
    assert stand.segments.state == "ok"
    assert stand.files() == []


def test_a_failed_append_leaves_no_segment_of_its_own(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.disk.free_bytes = 130
    for number in range(5):
        assert stand.append(record(number)) == ["retry"]
    assert stand.segments.all == []
    assert stand.files() == []


def test_a_lost_directory_is_made_again(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    (stand.directory / "lock").unlink()
    stand.directory.rmdir()
    assert stand.append(record(1)) == ["delivered"]
    assert stand.drain() == [record(1)]


@pytest.mark.parametrize("method", ["sync", "sync_directory"])
def test_delivered_means_synced_under_always(tmp_path: Path, method: str) -> None:
    """A message whose fsync failed is asked for again; its segment is not written to any more."""
    stand = SpillStand(tmp_path, fsync="always")
    stand.disk.errors[method] = errno.EIO
    assert stand.append(record(1), body(1)) == ["retry", "retry"]
    assert stand.segments.state == "unavailable"
    stand.disk.heal()
    assert stand.append(record(2)) == ["delivered"]
    assert record(2) in stand.drain()


def test_after_a_failed_fsync_a_new_segment_is_begun(tmp_path: Path) -> None:
    """What the failed one left on the device is unknown, and a later fsync would not tell."""
    stand = SpillStand(tmp_path, fsync="interval")
    stand.append(record(1))
    stand.disk.errors["sync"] = errno.EIO
    assert not stand.store.writing.sync()
    stand.disk.heal()
    stand.append(record(2))
    assert len(stand.files()) == 2


def test_a_seal_that_does_not_arrive_is_no_delivery(tmp_path: Path) -> None:
    """A segment may be full, and closed, in the middle of one append."""
    stand = SpillStand(tmp_path, fsync="always", segment_bytes=1000)
    really_sync = stand.disk.sync

    def failing_once(descriptor: int) -> None:
        stand.disk.sync = really_sync  # type: ignore[method-assign]
        raise OSError(errno.EIO, "once")

    stand.disk.sync = failing_once  # type: ignore[method-assign]
    results = stand.append(*(record(number, 2000) for number in range(120)))
    assert set(results) == {"retry"}
    assert stand.append(record(1)) == ["delivered"]


@pytest.mark.parametrize(("fsync", "syncs"), [("always", 2), ("interval", 1), ("never", 0)])
def test_fsync_by_policy(tmp_path: Path, fsync: str, syncs: int) -> None:
    stand = SpillStand(tmp_path, fsync=fsync)
    stand.append(record(1))
    stand.append(record(2))
    run(stand.store.upkeep())
    stand.close()
    assert stand.disk.calls.count("sync") == syncs


def test_slices_are_within_bounds() -> None:
    messages = [record(number, 1000) for number in range(10)]
    size = framed_bytes(messages[0])
    assert list(slices(messages, 4, 1 << 20)) == [range(4), range(4, 8), range(8, 10)]
    assert list(slices(messages[:4], 9, 2 * size)) == [range(2), range(2, 4)]
    assert list(slices(messages[:2], 9, 10)) == [range(1), range(1, 2)]
    assert list(slices([], 9, 10)) == []
