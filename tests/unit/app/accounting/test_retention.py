"""As far back as the shortest memory of those that are compared."""

from app.accounting.retention import Kept, compared, shortest_kept
from app.record.topics import Topics
from app.topic_check import FoundTopic

TOPICS = Topics("t")
DAY_S = 86_400


def found(days: int) -> FoundTopic:
    return FoundTopic(1, configs={"retention.ms": str(days * DAY_S * 1000) if days else "-1"})


def test_what_the_topics_should_keep() -> None:
    assert shortest_kept(TOPICS, {}) == Kept("t.facts", 7 * DAY_S)


def test_what_the_broker_says_holds() -> None:
    """Whether it is less or more."""
    assert shortest_kept(TOPICS, {TOPICS.exchanges: found(2)}) == Kept("t.exchanges", 2 * DAY_S)
    longer = dict.fromkeys((TOPICS.exchanges, TOPICS.facts), found(30))
    assert shortest_kept(TOPICS, longer) == Kept("t.dead-letters", 14 * DAY_S)
    assert shortest_kept(TOPICS, dict.fromkeys(compared(TOPICS), found(0))) is None
