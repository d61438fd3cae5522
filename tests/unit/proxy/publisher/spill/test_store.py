"""One process's spill in slices, as its thread runs it."""

import errno
from pathlib import Path

from proxy.publisher.outgoing import Outgoing
from proxy.publisher.spill.format import MAX_MESSAGE_BYTES
from proxy.publisher.spill.store import SLICE_MESSAGES
from tests.support.spill import SpillStand, body, record, run


def test_results_are_in_the_order_of_the_messages(tmp_path: Path) -> None:
    """Though records are written before bodies, and what is too long is not written at all."""
    stand = SpillStand(tmp_path, max_bytes=1 << 20)
    stand.disk.free_bytes = 1000
    huge = Outgoing("t.bodies", b"k", bytes(MAX_MESSAGE_BYTES))
    results = stand.append(body(1, 2000), record(1), huge, record(2))
    assert results == ["retry", "delivered", "refused", "delivered"]
    assert stand.drain() == [record(1), record(2)]


def test_a_long_append_pauses(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    messages = [record(number) for number in range(3 * SLICE_MESSAGES)]
    assert len(list(stand.store.append(messages))) == 2, "between three slices"
    assert stand.drain() == messages


def test_an_append_of_nothing(tmp_path: Path) -> None:
    assert SpillStand(tmp_path).append() == []


def test_upkeep_probes_a_disk_in_trouble(tmp_path: Path) -> None:
    """And leaves nothing behind."""
    stand = SpillStand(tmp_path)
    stand.disk.errors["write"] = errno.EIO
    stand.append(record(1))
    run(stand.store.upkeep())
    assert stand.segments.state == "unavailable"
    stand.disk.heal()
    run(stand.store.upkeep())
    assert stand.segments.state == "ok"
    assert [path.name for path in stand.directory.iterdir()] == ["lock"]


def test_upkeep_keeps_the_age_limit(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path, max_age_s=100)
    stand.append(record(1))
    stand.clock.advance(101)
    run(stand.store.upkeep())
    assert stand.files() == []
    assert stand.segments.losses == {"spill_expired": 1}


def test_an_unreadable_directory_is_a_state(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.close()
    stand.disk.errors["names"] = errno.EIO
    again = SpillStand(tmp_path, disk=stand.disk)
    assert again.segments.state == "unavailable"
    stand.disk.heal()
    assert again.append(record(1)) == ["delivered"]


def test_after_close_another_may_have_it(tmp_path: Path) -> None:
    stand = SpillStand(tmp_path)
    stand.append(record(1))
    stand.close()
    assert SpillStand(tmp_path).directory == stand.directory
