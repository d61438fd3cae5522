"""The placement that is told who owns what."""

from app.cluster.placement import MemoryPlacement, Placement


def test_each_key_has_one_partition_of_those_there_are() -> None:
    placement: Placement = MemoryPlacement({0: "a", 1: "b", 2: "a"})
    keys = [b"%d" % number for number in range(50)]
    assert {placement.partition_of(key) for key in keys} == {0, 1, 2}
    assert placement.owners("users") == placement.owners("seen")
