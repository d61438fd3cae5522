"""Plain outlets and those that choose; what any outlet does is in the conformance suite."""

from proxy.publisher.failover import FailoverOutlet
from proxy.publisher.memory import MemoryOutlet
from proxy.publisher.outlet import Failover


def test_only_what_chooses_between_ways_is_a_failover() -> None:
    plain = MemoryOutlet()
    around = FailoverOutlet(plain, on_taken=lambda *_: None, on_refused=lambda _: None)
    assert isinstance(around, Failover)
    assert not isinstance(plain, Failover)
