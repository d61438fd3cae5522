"""The spill in memory does as it is told; the rest is in the conformance suite."""

from proxy.publisher.spill_store import MemorySpill
from tests.support.ways import record


async def test_only_a_sound_one_takes_messages() -> None:
    """All or none."""
    spill = MemorySpill()
    spill.state = "full"
    assert await spill.append([record(0)]) == ["retry"]
    assert (spill.records, spill.bytes, spill.oldest_age_s) == (0, 0, 0.0)
    spill.state = "ok"
    assert await spill.append([record(0)]) == ["delivered"]
    assert (spill.records, spill.bytes) == (1, len(record(0).value))


async def test_its_life_is_noted() -> None:
    spill = MemorySpill()
    await spill.open()
    await spill.close()
    assert (spill.opened, spill.closed) == (True, True)
