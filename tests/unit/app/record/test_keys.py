"""Keys: unambiguous, stable, and spread over the partitions."""

from collections import Counter

import pytest
from aiokafka.partitioner import DefaultPartitioner

from app.record import keys
from app.record.model import ANONYMOUS_USER

partition_of = DefaultPartitioner()
IDS = [f"0195950e-3b4a-7c3d-8e5f-{number:012x}" for number in range(4000)]


def partition(key: bytes, count: int) -> int:
    """Where Kafka's default partitioner (murmur2) puts a key."""
    return int(partition_of(key, list(range(count)), list(range(count))))


def test_a_user_has_one_key_whatever_the_request() -> None:
    found = {keys.exchange_key("acme", "Zoë|x", request_id) for request_id in IDS}
    assert found == {"acme|Zoë|x".encode()} == set(keys.keys_of_user("acme", "Zoë|x"))


def test_a_record_sent_twice_keeps_its_key() -> None:
    key = keys.exchange_key("acme", ANONYMOUS_USER, IDS[7])
    assert key == keys.exchange_key("acme", ANONYMOUS_USER, IDS[7])
    assert key in keys.keys_of_user("acme", ANONYMOUS_USER)


def test_anonymous_requests_use_all_sub_keys_evenly() -> None:
    counts = Counter(keys.exchange_key("default", ANONYMOUS_USER, each) for each in IDS)
    assert set(counts) == set(keys.keys_of_user("default", ANONYMOUS_USER))
    assert len(counts) == keys.ANONYMOUS_SUBKEYS
    assert max(counts.values()) < 2 * len(IDS) / keys.ANONYMOUS_SUBKEYS


@pytest.mark.parametrize(("partitions", "used_at_least"), [(4, 4), (8, 7), (24, 11)])
def test_anonymous_requests_spread_over_the_partitions(partitions: int, used_at_least: int) -> None:
    counts = Counter(
        partition(keys.exchange_key("default", ANONYMOUS_USER, each), partitions) for each in IDS
    )
    assert len(counts) >= used_at_least
    assert max(counts.values()) < len(IDS) / 2


def test_users_spread_over_the_partitions() -> None:
    counts = Counter(partition(keys.user_key("default", f"user-{n}"), 8) for n in range(4000))
    assert len(counts) == 8
    assert max(counts.values()) < 1.25 * 4000 / 8


def test_no_user_key_is_a_sub_key_or_another_tenants() -> None:
    lookalikes = [f"{ANONYMOUS_USER}|00", f"{ANONYMOUS_USER}|", "b|anonymous", "|"]
    taken = set(keys.keys_of_user("a", ANONYMOUS_USER)) | set(
        keys.keys_of_user("a|b", ANONYMOUS_USER)
    )
    assert taken.isdisjoint(keys.user_key("a", user) for user in lookalikes)


def test_a_request_id_is_remembered_under_its_tenant() -> None:
    assert keys.seen_key("acme", IDS[0]) == f"acme|{IDS[0]}".encode()
