"""The generator is deterministic and varied; the ledger agrees with the tables."""

from collections import Counter
from typing import Any

import pytest

from app.engine.contracts import Position
from app.pricing import Pricer
from app.record.codec import decode_record, encode_record
from app.record.model import ANONYMOUS_USER, Record
from tables.aggregate import apply
from tables.aggregate_json import to_json
from tests.support.exchanges import Ledger, comparable, exchanges, user_names


@pytest.fixture(scope="module")
def pricer() -> Pricer:
    return Pricer.load()


def test_the_same_seed_gives_the_same_records_and_another_seed_other_ids() -> None:
    assert list(exchanges(1, 200)) == list(exchanges(1, 200))
    ids = [{record.request_id for record in exchanges(seed, 200)} for seed in (1, 2)]
    assert len(ids[0] | ids[1]) == 400


def test_records_are_numbered_per_user_and_per_producer() -> None:
    records = list(exchanges(3, 500, users=user_names(5)))
    assert [record.sequence for record in records] == list(range(500))
    numbers = Counter(record.user for record in records)
    for user, count in numbers.items():
        own = [record.properties["number"] for record in records if record.user == user]
        assert own == [str(number) for number in range(count)]


def test_the_mix_holds_every_outcome_and_prices_known_and_unknown(pricer: Pricer) -> None:
    records = list(exchanges(4, 2000))
    assert len({record.outcome for record in records}) == 5
    assert ANONYMOUS_USER in {record.user for record in records}
    reasons = Counter(pricer.price(record).unpriced_reason for record in records)
    assert set(reasons) == {None, "no_usage", "not_completed", "unknown_provider"}
    assert reasons[None] > 1000


def test_every_record_survives_the_wire() -> None:
    for record in exchanges(5, 200):
        assert decode_record(encode_record(record)) == record


def answer(pricer: Pricer, records: list[Record]) -> dict[str, Any]:
    """What the table would answer for one user's records."""
    aggregate = None
    for offset, record in enumerate(records):
        now_s = record.produced_at.timestamp()
        position = Position("e1", "exchanges", 0, offset)
        aggregate = apply(aggregate, record, pricer.price(record), position, now_s)
    assert aggregate is not None
    return to_json(records[0].tenant, records[0].user, aggregate, now_s)


def test_the_ledger_agrees_with_the_tables(pricer: Pricer) -> None:
    ledger = Ledger(pricer)
    ledger.add_all(exchanges(6, 1000))
    assert len(ledger.users()) == 21
    for user in ledger.users():
        assert comparable(answer(pricer, ledger.records(user))) == ledger.expected(user)


def test_a_record_sent_twice_counts_once_and_one_missing_shows(pricer: Pricer) -> None:
    records = list(exchanges(7, 50, users=["alice"]))
    ledger = Ledger(pricer)
    ledger.add_all(records)
    ledger.add_all(records[:10])
    assert ledger.expected("alice")["requests"] == 50
    assert comparable(answer(pricer, records[:-1])) != ledger.expected("alice")


def test_tenants_are_kept_apart(pricer: Pricer) -> None:
    ledger = Ledger(pricer)
    ledger.add_all(exchanges(8, 10, users=["alice"], tenant="acme"))
    assert ledger.users() == []
    assert ledger.expected("alice", "acme")["requests"] == 10
