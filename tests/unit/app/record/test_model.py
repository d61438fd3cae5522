"""The record: what it refuses, what absence means, and its greatest size."""

import pytest
from pydantic import ValidationError

from app.record.codec import encode_record
from app.record.fields import MAX_PROPERTIES, MAX_PROPERTIES_BYTES
from app.record.model import ANONYMOUS_USER, DEFAULT_TENANT, Record, Timings, Usage
from tests.support.records import REQUEST_ID, STARTED_AT, fields, record

REQUIRED = {
    "request_id": REQUEST_ID,
    "producer_id": "p",
    "sequence": 0,
    "produced_at": STARTED_AT,
    "provider": "openai",
    "dialect": "openai",
    "upstream_url": "https://api.openai.com/v1",
    "path": "/v1/models",
    "method": "GET",
    "started_at": STARTED_AT,
    "outcome": "refused",
    "timings_ms": Timings(total=1),
}


def test_what_is_absent_has_its_stated_meaning() -> None:
    bare = Record(**REQUIRED)
    assert (bare.tenant, bare.user, bare.attempt) == (DEFAULT_TENANT, ANONYMOUS_USER, 0)
    assert (bare.usage, bare.model, bare.status, bare.body_ref) == (None, None, None, None)
    assert (bare.request_body, bare.response_body, bare.properties) == ("empty", "empty", {})


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_each_required_field_is_required(name: str) -> None:
    with pytest.raises(ValidationError, match=name):
        Record(**{key: value for key, value in REQUIRED.items() if key != name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tenant", "Acme"),
        ("tenant", "a|b"),
        ("tenant", "t" * 65),
        ("tenant", "acme\n"),
        ("request_id", "not-a-uuid"),
        ("user", ""),
        ("user", "a\x00b"),
        ("user", "x" * 257),
        ("user", "é" * 129),
        ("model", "m" * 257),
        ("error", "two\nlines"),
        ("status", 99),
        ("request_bytes", -1),
        ("sequence", 2**53),
        ("outcome", "succeeded"),
        ("properties", {"a": "tab\tin it"}),
        ("properties", {"a": "v" * (MAX_PROPERTIES_BYTES + 1)}),
        ("properties", {str(number): "" for number in range(MAX_PROPERTIES + 1)}),
    ],
)
def test_a_field_out_of_bounds_is_refused(name: str, value: object) -> None:
    with pytest.raises(ValidationError, match=name):
        record(**{name: value})


def test_256_bytes_of_user_are_taken_in_any_script() -> None:
    assert record(user="é" * 128).user == "é" * 128
    assert record(user="x" * 256).user == "x" * 256


@pytest.mark.parametrize("counts", [{"input": -1}, {"output": 10**12 + 1}, {"audio_input": 1.5}])
def test_usage_counts_are_bounded_whole_numbers(counts: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Usage.model_validate(counts)


@pytest.mark.parametrize("total", [-0.1, float("nan"), float("inf"), 1e11])
def test_a_duration_is_finite_and_not_negative(total: float) -> None:
    with pytest.raises(ValidationError):
        Timings(total=total)


def test_the_greatest_record_is_smaller_than_64_kib() -> None:
    astral, quoted = "\U0001f30a", '"'
    longest = fields(
        tenant="t" * 64,
        client_request_id=astral * 256,
        key_id=astral * 64,
        user=astral * 64,
        session_id=astral * 256,
        session_name=astral * 256,
        session_path=astral * 512,
        properties={str(number): quoted * 254 for number in range(MAX_PROPERTIES)},
        traceparent=astral * 256,
        producer_id=astral * 256,
        sequence=2**53 - 1,
        attempt=2**53 - 1,
        provider=astral * 64,
        dialect=astral * 64,
        upstream_url=astral * 512,
        path=astral * 1024,
        method=astral * 64,
        model_requested=astral * 256,
        request_bytes=2**53 - 1,
        client_retry_count=2**53 - 1,
        error=astral * 512,
        model=astral * 256,
        finish_reason=astral * 64,
        response_bytes=2**53 - 1,
        provider_request_id=astral * 256,
        timings_ms=dict.fromkeys(Timings.model_fields, 9999999999.123457),
        usage={name: 10**12 for name in Usage.model_fields if name != "estimated"},
        body_ref=astral * 512,
    )
    assert len(encode_record(Record.model_validate(longest))) < 65_536
