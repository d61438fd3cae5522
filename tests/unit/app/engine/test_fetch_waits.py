"""What a fetch of aiokafka's asks the broker to wait, while records wait to be taken or not."""

import asyncio
import time
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher, FetchError
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import KafkaError
from aiokafka.structs import TopicPartition

from app.engine.fetch_waits import LEAST_MS, PromptFetcher, mend_fetcher, wait_ms

EMPTY, FULL, HELD = (TopicPartition("t", number) for number in range(3))
IDLE_MS = 1500
HOUR_S = 3600.0


@pytest.mark.parametrize(
    ("age_s", "expected_ms"),
    [(0.0, LEAST_MS), (0.2, LEAST_MS), (2.0, 200), (10.0, 1000), (HOUR_S, IDLE_MS)],
)
def test_a_tenth_of_the_time_is_waited_at_most(age_s: float, expected_ms: int) -> None:
    assert wait_ms(IDLE_MS, age_s) == expected_ms


def test_nobody_waits_longer_than_was_told() -> None:
    assert wait_ms(10, 0.0) == 10


@pytest.fixture
async def fetcher() -> Any:
    """aiokafka's own, mended, with partitions of one broker; its task does not run."""
    subscription = SubscriptionState()
    subscription.assign_from_user({EMPTY, FULL, HELD})
    made: Any = Fetcher(AIOKafkaClient(), subscription, fetch_max_wait_ms=IDLE_MS)
    made._fetch_task.cancel()
    await asyncio.wait([made._fetch_task])
    mend_fetcher(SimpleNamespace(_fetcher=made))
    for tp in (EMPTY, FULL, HELD):
        subscription.subscription.assignment.state_value(tp).reset_to(0)
    made._select_read_replica = lambda tp: 7
    return made


def asked(fetcher: Any) -> Any:
    """The one request of the next turn."""
    assignment = fetcher._subscriptions.subscription.assignment
    ((node, request),) = fetcher._get_actions_per_node(assignment)[0]
    assert node == 7
    return request


def waiting(age_s: float) -> Any:
    """Something to take, that came so long ago, and that other partitions do not wait for."""
    made: Any = FetchError(error=KafkaError(), backoff=0.0)
    made._created = time.monotonic() - age_s
    return made


async def test_with_nothing_to_take_a_fetch_waits_as_long_as_was_told(fetcher: Any) -> None:
    assert isinstance(fetcher, PromptFetcher)
    assert asked(fetcher)._max_wait_ms == IDLE_MS
    fetcher._fetch_max_wait_ms = 10
    assert asked(fetcher)._max_wait_ms == 10


async def test_while_records_wait_a_fetch_of_the_others_is_answered_soon(fetcher: Any) -> None:
    fetcher._records |= {FULL: waiting(0.2), HELD: waiting(HOUR_S)}
    request = asked(fetcher)
    assert request._max_wait_ms == LEAST_MS
    ((topic, ((partition, *_),)),) = request._topics
    assert (topic, partition) == (EMPTY.topic, EMPTY.partition)
    del fetcher._records[FULL]
    assert asked(fetcher)._max_wait_ms == IDLE_MS
