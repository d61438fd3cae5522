"""What lies on the topics, read; where there is nothing to read, that is said."""

from typing import Any

import pytest

from app.accounting.counts import Counts
from app.accounting.reading import read_ledger
from app.clock import minute_of
from app.errors import Unavailable
from app.ids import CountedIds
from app.record.codec import encode_fact
from app.record.topics import Topics
from tests.support.facts import fact_of
from tests.support.kafka import KafkaBroker
from tests.support.produce import produce, produce_raw
from tests.support.records import record
from tests.unit.app.accounting.test_progress import commit


async def test_no_broker() -> None:
    with pytest.raises(Unavailable):
        await read_ledger(Topics(), {"bootstrap_servers": "127.0.0.1:1"}, since_s=0, until_s=60)


@pytest.mark.kafka
async def test_what_the_meter_passed_is_missing_and_what_it_did_not_is_in_flight(
    kafka_broker: KafkaBroker, topic_prefix: str
) -> None:
    """A fact, none, a duplicate of the first; the fourth message is not committed."""
    servers, topics = kafka_broker.bootstrap_servers, Topics(topic_prefix)
    await kafka_broker.create_topics(topics.specs(), partitions=1)
    ids = CountedIds()
    records = [record(sequence=number, request_id=ids.request_id()) for number in range(3)]
    made_s, [first, *_] = records[0].produced_at.timestamp(), records
    counts = Counts(
        producer_id=first.producer_id,
        tenant=first.tenant,
        minute=minute_of(made_s),
        proxied=3,
        durable=3,
        last_sequence=2,
    )
    await produce_raw(servers, topics.counts, [(counts.key, counts.encode())])
    await produce(servers, [first, records[1], first, records[2]], prefix=topic_prefix)
    fact = encode_fact(fact_of(first))
    await produce_raw(servers, topics.facts, [(first.request_id.encode(), fact)])
    await commit(servers, topic_prefix, topics.exchanges, 3)
    for group, missing in ((None, 0), (topic_prefix, 1)):
        asked: dict[str, Any] = {"since_s": made_s - 60, "until_s": made_s + 60, "group": group}
        ledger = await read_ledger(topics, {"bootstrap_servers": servers}, **asked)
        (line,) = ledger.lines(young_from=1 << 40)
        assert (line.metered, line.duplicates, line.excess) == (1, 1, 0)
        assert (line.missing, line.in_flight) == (missing, 2 - missing)
    assert [gap[1:] for gap in ledger.gaps([line])] == [(1, 1)]
