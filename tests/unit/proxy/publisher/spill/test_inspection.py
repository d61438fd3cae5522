"""What operators see, while a process writes and after its end."""

import os
from pathlib import Path

from app.clock import ManualClock
from proxy.publisher.spill.disk import LocalDisk
from proxy.publisher.spill.format import VERSION
from proxy.publisher.spill.inspection import inspect
from tests.support.faulty_disk import FaultyDisk
from tests.support.spill import SpillStand, body, record, segment_of


def test_beside_a_running_process(tmp_path: Path) -> None:
    """Nothing is changed, and the process is named."""
    stand = SpillStand(tmp_path)
    stand.append(record(1), record(2), body(1))
    before = {path: path.read_bytes() for path in stand.files()}
    clock = ManualClock()
    clock.jump(30)
    (found,) = inspect(tmp_path, LocalDisk(), clock)
    assert found.owner == str(os.getpid())
    assert found.messages == 3
    assert {each.messages for each in found.segments} == {1, 2}
    assert all(clock.monotonic_s() - each.born_s == 30 for each in found.segments)
    assert {path: path.read_bytes() for path in stand.files()} == before
    stand.close()
    assert inspect(tmp_path, LocalDisk(), clock)[0].owner is None


def test_damage_is_seen_and_left(tmp_path: Path) -> None:
    directory = tmp_path / "3"
    directory.mkdir()
    torn = segment_of([record(1), record(2)])[:-1]
    (directory / "0000000000000001.records").write_bytes(torn)
    newer = directory / "0000000000000002.records"
    newer.write_bytes(segment_of([record(1)], version=VERSION + 1))
    (found,) = inspect(tmp_path, LocalDisk(), ManualClock())
    assert found.segments[0].torn_bytes > 0
    assert found.foreign == [newer]
    assert (directory / "0000000000000001.records").read_bytes() == torn


def test_a_segment_deleted_meanwhile_is_left_out(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(record(1))

    class Vanishing(FaultyDisk):
        def read(self, path: Path) -> bytes:
            path.unlink()
            return super().read(path)

    (found,) = inspect(tmp_path, Vanishing(), ManualClock())
    assert found.segments == []


def test_nothing_at_all(tmp_path: Path) -> None:
    assert inspect(tmp_path / "none", LocalDisk(), ManualClock()) == []
