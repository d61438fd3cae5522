"""Mixed exchanges through the proxy and out of every sink, also after everything was read again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.analytics import EngineProcess
from tests.support.embedded import needs_embedded
from tests.support.fan_out import FanOut, all_of_it
from tests.support.kafka import KafkaBroker
from tests.support.seaweed import Seaweed

pytestmark = [
    *(pytest.mark.kafka, pytest.mark.embedded, needs_embedded),
    *(pytest.mark.slow, pytest.mark.timeout(300)),
]
COUNT = 600


@pytest.fixture
async def fan_out(
    kafka_broker: KafkaBroker,
    own_seaweed: Seaweed,
    analytics_engine: EngineProcess,
    topic_prefix: str,
    tmp_path: Path,
) -> AsyncIterator[FanOut]:
    made = FanOut(kafka_broker, own_seaweed, analytics_engine, topic_prefix, tmp_path)
    try:
        await made.process.start().until_ready()
        yield made
    finally:
        made.process.kill()


async def test_every_exchange_comes_out_of_every_sink_once(fan_out: FanOut) -> None:
    assert await all_of_it(fan_out, COUNT) > COUNT
