"""What the broker's answers to a creation mean; creating is tested on a real broker."""

import pytest

from app.errors import Unavailable
from app.record.topics import TopicSpec
from app.topic_admin import created, ensure_topics


def test_topics_of_somebody_else_are_as_good() -> None:
    """0 is created, 36 is TopicAlreadyExists."""
    assert created([("a", 0, None), ("b", 36, "exists")]) == ["a"]


def test_any_other_answer_names_the_topic() -> None:
    """38 is InvalidReplicationFactor."""
    with pytest.raises(Unavailable, match=r"topic b: InvalidReplicationFactorError"):
        created([("a", 0, None), ("b", 38, "three replicas, one broker")])


async def test_no_broker_is_unavailable() -> None:
    """And nothing is left open."""
    with pytest.raises(Unavailable):
        await ensure_topics(
            [TopicSpec("t")],
            partitions=1,
            replication_factor=1,
            connection={"bootstrap_servers": "127.0.0.1:1"},
        )
