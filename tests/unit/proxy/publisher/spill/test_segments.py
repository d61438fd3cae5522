"""The list of segments: counted when they leave, deleted as soon as the disk allows."""

import errno
from pathlib import Path

from proxy.publisher.spill.format import Kind
from proxy.publisher.spill.segment import Segment
from proxy.publisher.spill.segments import Segments, Totals
from tests.support.faulty_disk import FaultyDisk, error_of


def segment(directory: Path, number: int, kind: Kind = "records", messages: int = 5) -> Segment:
    """One of a thousand bytes, with a file."""
    path = directory / f"{number}.{kind}"
    path.write_bytes(b"x")
    return Segment(path, number, kind, b"s" * 8, float(number), bytes=1000, messages=messages)


def filled(directory: Path) -> Segments:
    """Two segments of each kind, added out of order."""
    segments = Segments(directory, FaultyDisk())
    for number, kind in ((3, "records"), (1, "records"), (2, "bodies"), (4, "bodies")):
        segments.add(segment(directory, number, kind))  # type: ignore[arg-type]
    return segments


def test_they_are_in_order_of_time(tmp_path: Path) -> None:
    segments = filled(tmp_path)
    assert [each.number for each in segments.all] == [1, 2, 3, 4]
    assert segments.next_number(0) > 4
    assert segments.next_number(100) == 100
    found = segments.find(3)
    assert found is not None
    assert found.number == 3
    assert segments.find(9) is None


def test_totals(tmp_path: Path) -> None:
    segments = filled(tmp_path)
    assert segments.totals() == Totals(10, 10, 4000, 1.0, "ok")
    segments.all[0].replayed = 2
    assert segments.totals().records == 8
    assert Segments(tmp_path, FaultyDisk()).totals() == Totals()


def test_the_one_in_hand_is_not_given_up(tmp_path: Path) -> None:
    segments = filled(tmp_path)
    assert segments.oldest("records") is segments.all[0]
    segments.in_hand = 1
    assert segments.oldest("records") is segments.all[2]


def test_what_leaves_is_counted_by_cause_and_kind(tmp_path: Path) -> None:
    """What was replayed is no loss; what could not be read is corrupt whatever the cause."""
    segments = filled(tmp_path)
    one, two, three, four = segments.all
    one.replayed, one.lost_messages = 3, 7
    four.replayed = 4
    assert segments.give_up(one, "overflow")
    assert segments.give_up(two, "expired")
    segments.retire(four)
    assert segments.all == [three]
    assert segments.losses == {
        "spill_overflow": 2,
        "spill_corrupt": 7,
        "spill_body_expired": 5,
        "spill_body_corrupt": 1,
    }
    assert not one.path.exists()


def test_what_cannot_be_deleted_is_not_given_up(tmp_path: Path) -> None:
    disk = FaultyDisk()
    segments = Segments(tmp_path, disk)
    one = segment(tmp_path, 1)
    segments.add(one)
    disk.errors["remove"] = errno.EROFS
    assert not segments.give_up(one, "overflow")
    assert segments.state == "read_only"
    assert segments.all == [one]
    assert segments.losses == {}


def test_what_was_replayed_is_deleted_when_that_is_possible(tmp_path: Path) -> None:
    """It counts against the limit until then, and is not replayed again."""
    disk = FaultyDisk()
    segments = Segments(tmp_path, disk)
    two = [segment(tmp_path, number) for number in (1, 2)]
    disk.errors["remove"] = errno.EROFS
    for each in two:
        segments.add(each)
        segments.retire(each)
    assert all(each.path.exists() for each in two)
    assert (segments.all, segments.bytes) == ([], 2000)
    disk.heal()
    segments.delete_retired()
    assert not any(each.path.exists() for each in two)
    assert segments.bytes == 0


def test_the_state_follows_the_disk(tmp_path: Path) -> None:
    segments = filled(tmp_path)
    segments.fail(error_of(errno.ENOSPC))
    assert segments.totals().state == "full"
    segments.fail(error_of(errno.EIO))
    assert segments.state == "unavailable"
    segments.recover()
    assert segments.state == "ok"
