"""What earlier processes left: taken in, mended, adopted."""

import errno
from pathlib import Path

from app.clock import ManualClock
from proxy.publisher.spill.disk import LocalDisk
from proxy.publisher.spill.format import DATA_START, VERSION
from proxy.publisher.spill.recovery import adopt, claim, directories, segment_files
from tests.support.faulty_disk import FaultyDisk
from tests.support.spill import SpillStand, body, record, segment_of


def left_behind(root: Path, *numbers: int) -> None:
    """A process's spill, as it is after its end."""
    stand = SpillStand(root)
    stand.append(*(record(number) for number in numbers))
    stand.close()


def put(root: Path, data: bytes, name: str = "0000000000000001.records") -> Path:
    """A segment's file in the directory that the next process will own."""
    path = root / "0" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def test_processes_are_kept_apart(tmp_path: Path) -> None:
    first, second = claim(tmp_path), claim(tmp_path)
    assert [lock.directory.name for lock in (first, second)] == ["0", "1"]
    first.release()
    third = claim(tmp_path)
    assert third.directory == tmp_path / "0"
    for lock in (second, third):
        lock.release()


def test_directories_are_those_with_numbers(tmp_path: Path) -> None:
    for name in ("10", "9", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "9" / "lock").write_bytes(b"")
    (tmp_path / "9" / "0000000000000001.bodies").write_bytes(b"")
    disk = LocalDisk()
    assert [path.name for path in directories(tmp_path, disk)] == ["9", "10"]
    assert [path.name for path in segment_files(tmp_path / "9", disk)] == [
        "0000000000000001.bodies"
    ]
    assert directories(tmp_path / "none", disk) == []


def test_a_process_that_comes_back_finds_its_own(tmp_path: Path) -> None:
    left_behind(tmp_path, 1, 2)
    stand = SpillStand(tmp_path)
    assert stand.segments.totals().records == 2
    stand.append(record(3))
    assert stand.drain() == [record(1), record(2), record(3)]


def test_age_goes_on_across_processes(tmp_path: Path) -> None:
    left_behind(tmp_path, 1)
    clock = ManualClock()
    clock.jump(100)
    stand = SpillStand(tmp_path, clock=clock, max_age_s=101)
    assert stand.segments.all[0].born_s == clock.monotonic_s() - 100
    clock.advance(2)
    assert stand.drain() == []
    assert stand.segments.losses == {"spill_expired": 1}


def test_what_dead_processes_left_is_adopted(tmp_path: Path) -> None:
    """Not what a living one has."""
    first, second, third = SpillStand(tmp_path), SpillStand(tmp_path), SpillStand(tmp_path)
    for number, stand in enumerate((first, second, third)):
        stand.clock.advance(number)
        stand.append(record(number))
    first.close()
    third.close()
    heir = SpillStand(tmp_path)
    assert heir.directory == tmp_path / "0"
    assert heir.drain() == [record(0), record(2)]
    assert second.drain() == [record(1)]


def test_names_that_are_taken_are_changed(tmp_path: Path) -> None:
    """Two processes may have begun a segment in the same microsecond."""
    stands = [SpillStand(tmp_path) for _ in range(3)]
    for number, stand in enumerate(stands):
        stand.append(record(number))
        assert stand.files()[0].name == stands[0].files()[0].name
    for stand in stands:
        stand.close()
    assert SpillStand(tmp_path).drain() == [record(0), record(1), record(2)]


def test_what_would_break_the_limit_is_left_for_the_next(tmp_path: Path) -> None:
    first, second = SpillStand(tmp_path), SpillStand(tmp_path)
    first.append(*(record(number, 1000) for number in range(10)))
    second.append(*(record(number, 1000) for number in range(10)))
    first.close()
    second.close()
    heir = SpillStand(tmp_path, max_bytes=15_000)
    assert len(heir.drain()) == 10
    assert len(segment_files(second.directory, LocalDisk())) == 1
    heir.close()
    assert len(SpillStand(tmp_path, max_bytes=15_000).drain()) == 10


def test_a_directory_that_cannot_be_moved_is_left(tmp_path: Path) -> None:
    first, second = SpillStand(tmp_path), SpillStand(tmp_path)
    first.append(record(1))
    second.append(record(2))
    first.close()
    second.close()
    disk = FaultyDisk()
    disk.errors["move"] = errno.EROFS
    heir = SpillStand(tmp_path, disk=disk)
    assert heir.segments.state == "read_only"
    assert heir.drain() == [record(1)]


def test_adoption_brings_names_to_the_device(tmp_path: Path) -> None:
    first, second = SpillStand(tmp_path), SpillStand(tmp_path)
    second.append(record(2))
    second.close()
    disk = FaultyDisk()
    adopt(tmp_path, first.directory, disk, 1 << 20)
    assert disk.calls[-2:] == ["sync_directory", "sync_directory"]


def test_a_torn_tail_is_cut(tmp_path: Path) -> None:
    path = put(tmp_path, segment_of([record(1), record(2)])[:-3])
    stand = SpillStand(tmp_path)
    assert path.read_bytes() == segment_of([record(1)])
    assert stand.drain() == [record(1)]
    assert stand.segments.losses == {}


def test_a_torn_tail_that_cannot_be_cut_is_not_read(tmp_path: Path) -> None:
    put(tmp_path, segment_of([record(1), record(2)])[:-3])
    disk = FaultyDisk()
    disk.read_only()
    stand = SpillStand(tmp_path, disk=disk)
    assert stand.segments.state == "read_only"
    assert stand.drain() == [record(1)]


def test_a_segment_without_messages_goes_at_once(tmp_path: Path) -> None:
    for length in (0, 10, DATA_START):
        put(tmp_path, segment_of([])[:length], f"{length:016d}.bodies")
    stand = SpillStand(tmp_path)
    assert (stand.files(), stand.segments.all, stand.segments.losses) == ([], [], {})


def test_damage_is_counted_once_when_its_segment_goes(tmp_path: Path) -> None:
    data = bytearray(segment_of([body(1), body(2), body(3)], kind="bodies"))
    data[DATA_START + 2000] ^= 1
    path = put(tmp_path, data, "0000000000000001.bodies")
    stand = SpillStand(tmp_path)
    assert stand.segments.losses == {}
    assert stand.segments.totals().bodies == 2
    assert stand.drain() == [body(1), body(3)]
    assert stand.segments.losses == {"spill_body_corrupt": 1}
    assert not path.exists()


def test_a_segment_of_nothing_but_noise_is_a_loss(tmp_path: Path) -> None:
    put(tmp_path, b"noise" * 1000)
    stand = SpillStand(tmp_path)
    assert stand.segments.losses == {"spill_corrupt": 1}
    assert stand.drain() == []


def test_another_version_is_left_alone(tmp_path: Path) -> None:
    """An earlier Tailrace may run on what a later one wrote; the later one will be back."""
    path = put(tmp_path, segment_of([record(1)], version=VERSION + 1))
    stand = SpillStand(tmp_path)
    assert stand.drain() == []
    assert path.exists()


def test_what_cannot_be_read_stays(tmp_path: Path) -> None:
    path = put(tmp_path, segment_of([record(1)]))
    disk = FaultyDisk()
    disk.errors["read"] = errno.EIO
    stand = SpillStand(tmp_path, disk=disk)
    assert stand.segments.state == "unavailable"
    assert path.exists()
