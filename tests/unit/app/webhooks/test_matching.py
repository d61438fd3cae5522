"""Who is told of a fact."""

from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.errors import RecordError
from app.metrics import Metrics
from app.record.codec import decode_delivery
from app.webhooks import matching
from app.webhooks.endpoint import Endpoint, Filters
from app.webhooks.matching import Matching, is_sampled
from tests.support.endpoints import EARLIER, endpoint, known
from tests.support.facts import fact
from tests.support.records import STARTED_AT

REQUESTS = [f"0195950e-3b4a-7c3d-8e5f-{number:012x}" for number in range(2000)]


async def told(*endpoints: Endpoint) -> list[str]:
    _, registry = await known(*endpoints)
    made = Matching(registry, ManualClock(), Metrics()).deliveries(fact())
    return [decode_delivery(each.value).endpoint_id for each in made]


async def test_those_of_the_tenant_that_match_and_are_older() -> None:
    wanted = endpoint(1)
    other = endpoint(2, tenant="acme")
    off = endpoint(3, disabled_at=EARLIER)
    filtered = endpoint(4, filters=Filters(users=("bob",)))
    young = endpoint(5, created_at=STARTED_AT + timedelta(milliseconds=1))
    just = endpoint(6, created_at=STARTED_AT)
    silent = endpoint(7, sample_rate=0)
    found = await told(wanted, other, off, filtered, young, just, silent)
    assert found == [wanted.endpoint_id, just.endpoint_id]


async def test_the_same_fact_gives_the_same_ids_and_key() -> None:
    _, registry = await known(endpoint())
    clock = ManualClock()
    makes = Matching(registry, clock, Metrics())
    (one,) = makes.deliveries(fact())
    clock.advance(60)
    (two,) = makes.deliveries(fact())
    assert one.key == two.key == endpoint().endpoint_id.encode()
    assert decode_delivery(one.value).webhook_id == decode_delivery(two.value).webhook_id


async def test_what_cannot_be_made_is_counted_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    metrics = Metrics()
    _, registry = await known(endpoint(1), endpoint(2))
    good, calls = matching.addressed, []

    def refuses_the_first(delivery: object) -> object:
        calls.append(delivery)
        if len(calls) == 1:
            raise RecordError("too_large", "no room")
        return good(delivery)  # type: ignore[arg-type]

    monkeypatch.setattr(matching, "addressed", refuses_the_first)
    assert len(list(Matching(registry, ManualClock(), metrics).deliveries(fact()))) == 1
    assert metrics.registry.get_sample_value("tailrace_webhook_unmatched_total") == 1


def test_sampling_takes_its_share_and_the_same_ones_each_time() -> None:
    half = endpoint(sample_rate=0.5)
    taken = [each for each in REQUESTS if is_sampled(half, each)]
    assert 900 < len(taken) < 1100
    assert taken == [each for each in REQUESTS if is_sampled(half, each)]
    assert all(is_sampled(endpoint(sample_rate=0.6), each) for each in taken)
    others = [each for each in REQUESTS if is_sampled(endpoint(2, sample_rate=0.5), each)]
    assert taken != others
    assert not any(is_sampled(endpoint(sample_rate=0), each) for each in REQUESTS)
