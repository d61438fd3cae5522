"""Records, facts and dead letters as bytes: exact round trips, bad values by their reasons."""

import json
from typing import Any

import pytest

from app.errors import RecordError
from app.record import codec
from app.record.dead_letter import DeadLetter, Origin
from app.record.fact import Cost, Fact
from app.record.model import Record
from tests.support.records import STARTED_AT, record

ORIGIN = Origin(topic="tailrace.exchanges", partition=3, offset=42, epoch="e1")


def fact() -> Fact:
    return Fact(
        record=record(),
        cost=Cost(nano_usd=232_500, price_version="v"),
        epoch="e1",
        partition=3,
        offset=42,
        metered_at=STARTED_AT,
    )


def wire(**changes: Any) -> bytes:
    """A valid record's JSON with fields changed; a change to `...` leaves the field out."""
    tree = json.loads(codec.encode_record(record())) | changes
    return json.dumps({name: value for name, value in tree.items() if value is not ...}).encode()


def test_a_record_comes_back_as_it_was() -> None:
    assert codec.decode_record(codec.encode_record(record())) == record()


def test_absent_fields_are_not_written_and_times_end_in_z() -> None:
    tree = json.loads(codec.encode_record(record(error=None, user="anonymous")))
    assert "error" not in tree
    assert tree["started_at"] == "2026-03-14T15:09:26.535897Z"
    assert tree["schema_version"] == 1


def test_fields_of_newer_producers_are_ignored() -> None:
    newer = wire(colour="blue", usage={"input": 1, "output": 2, "video": 3})
    assert codec.decode_record(newer).usage == record(usage={"input": 1, "output": 2}).usage


def test_null_is_the_same_as_absent() -> None:
    assert codec.decode_record(wire(error=None)) == codec.decode_record(wire(error=...))


@pytest.mark.parametrize(
    ("value", "reason", "detail"),
    [
        (None, "undecodable", "no value"),
        (b"", "undecodable", "EOF"),
        (b"\xff\xfe\x00", "undecodable", "column 1"),
        (b'{"user": "\\ud800"}', "undecodable", "hex escape"),
        (b"[" * 5000, "undecodable", "recursion"),
        (b"[]", "invalid", "value"),
        (b"null", "invalid", "value"),
        (b"{}", "invalid", "request_id: Field required"),
        (wire(schema_version=2), "unknown_version", "schema_version: 2"),
        (wire(schema_version=2, request_id=..., outcome=7), "unknown_version", "2"),
        (wire(schema_version="1"), "invalid", "schema_version"),
        (wire(request_id=...), "invalid", "request_id"),
        (wire(timings_ms={}), "invalid", "timings_ms.total"),
        (wire(sequence="12"), "invalid", "sequence"),
        (wire(started_at="2026-01-01T00:00:00"), "invalid", "started_at"),
        (wire(started_at=1_700_000_000), "invalid", "started_at"),
        (wire(user="x" * 257), "invalid", "user"),
        (wire(stream="yes"), "invalid", "stream"),
        (b" " * (codec.MAX_RECORD_BYTES + 1), "too_large", "1048577 bytes"),
    ],
)
def test_a_bad_value_is_refused_by_its_reason(
    value: bytes | None, reason: str, detail: str
) -> None:
    with pytest.raises(RecordError, match=detail) as raised:
        codec.decode_record(value)
    assert raised.value.reason == reason


def test_an_error_names_the_field_but_never_repeats_its_value() -> None:
    with pytest.raises(RecordError) as raised:
        codec.decode_record(wire(user=["my secret"], outcome="another secret"))
    assert "user" in raised.value.detail
    assert "outcome" in raised.value.detail
    assert "secret" not in str(raised.value)


def test_a_long_list_of_errors_is_cut() -> None:
    many = {f"p{number}": number for number in range(64)}
    with pytest.raises(RecordError) as raised:
        codec.decode_record(wire(properties=many))
    assert len(raised.value.detail) <= 1000


def test_what_cannot_be_written_is_refused() -> None:
    broken = Record.model_construct(**(record().model_dump() | {"error": "\ud800"}))
    with pytest.raises(RecordError) as raised:
        codec.encode_record(broken)
    assert raised.value.reason == "invalid"


def test_an_unchecked_giant_is_not_written() -> None:
    giant = Record.model_construct(**dict(record()) | {"error": "x" * codec.MAX_RECORD_BYTES})
    with pytest.raises(RecordError) as raised:
        codec.encode_record(giant)
    assert raised.value.reason == "too_large"


def test_a_fact_comes_back_as_it_was() -> None:
    assert codec.decode_fact(codec.encode_fact(fact())) == fact()


def test_a_fact_of_an_unknown_record_version_says_so() -> None:
    tree = json.loads(codec.encode_fact(fact()))
    tree["record"]["schema_version"] = 9
    with pytest.raises(RecordError) as raised:
        codec.decode_fact(json.dumps(tree).encode())
    assert (raised.value.reason, raised.value.detail) == (
        "unknown_version",
        "record.schema_version: 9",
    )


def test_an_unpriced_cost_stays_null() -> None:
    unknown = Cost(nano_usd=None, price_version="v", unpriced_reason="unknown_model")
    unpriced = fact().model_copy(update={"cost": unknown})
    with pytest.raises(RecordError, match=r"cost\.nano_usd"):
        codec.decode_fact(codec.encode_fact(fact()).replace(b'"nano_usd":232500,', b""))
    assert b'"nano_usd":null' in codec.encode_fact(unpriced)
    assert codec.decode_fact(codec.encode_fact(unpriced)) == unpriced


@pytest.mark.parametrize("raw", [None, b"", b"raw \xff\x00 bytes", bytes(range(256)) * 40])
def test_a_dead_letter_keeps_its_raw_bytes(raw: bytes | None) -> None:
    letter = DeadLetter.of(
        "undecodable",
        "not JSON",
        origin=ORIGIN,
        stage="meter",
        attempt=0,
        dead_at=STARTED_AT,
        raw_key=raw,
        raw_value=raw,
    )
    assert letter.raw_value == raw
    assert codec.decode_dead_letter(codec.encode_dead_letter(letter)) == letter
