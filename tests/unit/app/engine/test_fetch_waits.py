"""What a fetch of aiokafka's asks the broker to wait, while records wait to be taken or not."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer.fetcher import Fetcher
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.structs import TopicPartition

from app.engine.fetch_waits import BUSY_WAIT_MS, BusyFetcher, mend_fetcher

EMPTY, FULL = TopicPartition("t", 0), TopicPartition("t", 1)


class Waiting:
    """Records that have waited for too long to wait for them."""

    def calculate_backoff(self) -> float:
        return 0.0


@pytest.fixture
async def fetcher() -> Any:
    """aiokafka's own, mended, with two partitions at one broker; its task does not run."""
    client = AIOKafkaClient()
    subscription = SubscriptionState()
    subscription.assign_from_user({EMPTY, FULL})
    made: Any = Fetcher(client, subscription, fetch_max_wait_ms=1500)
    made._fetch_task.cancel()
    await asyncio.wait([made._fetch_task])
    mend_fetcher(SimpleNamespace(_fetcher=made))
    for tp in (EMPTY, FULL):
        subscription.subscription.assignment.state_value(tp).reset_to(0)
    made._select_read_replica = lambda tp: 7
    return made


def asked(fetcher: Any) -> Any:
    """The one request of the next turn."""
    assignment = fetcher._subscriptions.subscription.assignment
    ((node, request),) = fetcher._get_actions_per_node(assignment)[0]
    assert node == 7
    return request


async def test_with_nothing_to_take_a_fetch_waits_as_long_as_was_told(fetcher: Any) -> None:
    assert isinstance(fetcher, BusyFetcher)
    assert asked(fetcher)._max_wait_ms == 1500
    fetcher._fetch_max_wait_ms = 10
    assert asked(fetcher)._max_wait_ms == 10


async def test_while_records_wait_a_fetch_of_the_others_is_answered_soon(fetcher: Any) -> None:
    fetcher._records[FULL] = Waiting()
    request = asked(fetcher)
    assert request._max_wait_ms == BUSY_WAIT_MS
    ((topic, ((partition, *_),)),) = request._topics
    assert (topic, partition) == (EMPTY.topic, EMPTY.partition)
    fetcher._fetch_max_wait_ms = 10
    assert asked(fetcher)._max_wait_ms == 10
    fetcher._records.clear()
