"""Who a worker is to the group: the same after a restart, another once anything has changed."""

from dataclasses import replace
from pathlib import Path

from app.engine.membership import instance_id
from app.engine.options import EngineOptions

OPTIONS = EngineOptions("app", ("b:1",), 4, Path("d"), static_membership=True)
TOPICS, TABLES = ["exchanges", "facts"], ["users", "seen"]


def test_the_same_worker_is_the_same_member() -> None:
    again = replace(OPTIONS, data_dir=Path("e"), epoch="2")
    assert instance_id(OPTIONS, TOPICS, TABLES) == instance_id(again, TOPICS[::-1], TABLES[::-1])


def test_what_an_assignment_depends_on_makes_another_member() -> None:
    ids = {
        instance_id(OPTIONS, TOPICS, TABLES),
        instance_id(replace(OPTIONS, canonical_url="http://other:1"), TOPICS, TABLES),
        instance_id(replace(OPTIONS, partitions=5), TOPICS, TABLES),
        instance_id(replace(OPTIONS, standby_replicas=1), TOPICS, TABLES),
        instance_id(OPTIONS, TOPICS[:1], TABLES),
        instance_id(OPTIONS, TOPICS, TABLES[:1]),
        instance_id(OPTIONS, [*TOPICS, "users"], TABLES[1:]),
    }
    assert len(ids) == 7


def test_a_member_of_the_moment_has_none() -> None:
    assert instance_id(replace(OPTIONS, static_membership=False), TOPICS, TABLES) is None
