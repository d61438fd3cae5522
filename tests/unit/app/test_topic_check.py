"""Topics as they are against topics as they should be."""

import pytest

from app.errors import StartError
from app.record.topics import TopicSpec
from app.topic_check import FoundTopic, check_partitions, differences

SPECS = [
    TopicSpec("a", configs={"retention.ms": "5", "cleanup.policy": "compact,delete"}),
    TopicSpec("one", 1),
]
AS_IT_SHOULD_BE = {
    "a": FoundTopic(4, 2, {"retention.ms": "5", "cleanup.policy": "delete,compact", "x": "y"}),
    "one": FoundTopic(1, 2),
}


def said(found: dict[str, FoundTopic]) -> list[str]:
    return [str(each) for each in differences(SPECS, found, partitions=4, replication_factor=2)]


def test_nothing_to_say() -> None:
    assert said(AS_IT_SHOULD_BE | {"foreign": FoundTopic(9)}) == []


def test_every_difference_is_named() -> None:
    assert said({"a": FoundTopic(5, 1, {"retention.ms": "6"})}) == [
        "a: partitions is 5, should be 4",
        "a: replicas is 1, should be 2",
        "a: retention.ms is 6, should be 5",
        "a: cleanup.policy is unknown, should be compact,delete",
        "one: the topic is missing, should be there",
    ]


def test_another_number_of_partitions_is_refused_with_the_way_to_do_it() -> None:
    check_partitions(SPECS, AS_IT_SHOULD_BE, 4)
    check_partitions(SPECS, {}, 4)
    with pytest.raises(StartError, match="TAILRACE_KAFKA__TOPIC_PREFIX"):
        check_partitions(SPECS, AS_IT_SHOULD_BE, 8)
    check_partitions(SPECS, {"one": FoundTopic(3)}, 4)
