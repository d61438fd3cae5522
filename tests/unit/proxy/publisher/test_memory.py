"""The in-memory outlet fails as it is told; the rest is in the conformance suite."""

from proxy.publisher.memory import MemoryOutlet
from proxy.publisher.outgoing import Outgoing


async def test_it_fails_as_told() -> None:
    """Down is a retry for all; given results are used up one by one."""
    outlet, message = MemoryOutlet(), Outgoing("t", b"k", b"v")
    outlet.down = True
    assert not await outlet.start()
    assert await outlet.deliver([message]) == ["retry"]
    outlet.down = False
    assert await outlet.start()
    outlet.results.append("refused")
    assert await outlet.deliver([message, message]) == ["refused", "delivered"]
    assert outlet.on("t") == [message]


async def test_one_topic_may_be_down_alone() -> None:
    """The others go on."""
    outlet = MemoryOutlet()
    outlet.down_topics.add("a")
    batch = [Outgoing("a", b"k", b"v"), Outgoing("b", b"k", b"v")]
    assert await outlet.deliver(batch) == ["retry", "delivered"]
