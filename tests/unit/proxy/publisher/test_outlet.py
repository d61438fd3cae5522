"""The in-memory outlet fails as it is told; the rest is in the conformance suite."""

from proxy.publisher.outlet import MemoryOutlet, Outgoing


async def test_it_fails_as_told() -> None:
    """Down is a retry for all; given results are used up one by one."""
    outlet, message = MemoryOutlet(), Outgoing("t", b"k", b"v")
    outlet.down = True
    assert await outlet.deliver([message]) == ["retry"]
    outlet.down = False
    outlet.results.append("refused")
    assert await outlet.deliver([message, message]) == ["refused", "delivered"]
    assert outlet.on("t") == [message]
