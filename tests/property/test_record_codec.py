"""Whatever the record, it survives the wire; whatever the bytes, only RecordError is raised."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import RecordError
from app.record import body_codec, codec
from app.record.bodies import BodyEnvelope, BodyPart
from app.record.build import build_record
from app.record.dead_letter import DeadLetterReason
from app.record.draft import draft_of, drafted, is_sound
from app.record.model import BodyState, Outcome, Record, Timings, Usage
from tests.support.records import STARTED_AT, fields, record

PRINTABLE = st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])
REASONS = get_args(DeadLetterReason)
tokens = st.none() | st.integers(0, 10**12)
millis = st.none() | st.floats(0, 1e10)
times = st.datetimes(
    datetime(1970, 1, 3),  # noqa: DTZ001
    datetime(2969, 12, 29),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, timezone(timedelta(hours=-7)), timezone(timedelta(hours=9))]),
)


def text(most: int, least: int = 0) -> st.SearchStrategy[str]:
    return st.text(PRINTABLE, min_size=least, max_size=most)


usages = st.builds(Usage, **{name: tokens for name in Usage.model_fields if name != "estimated"})
timings = st.builds(
    Timings,
    total=st.floats(0, 1e10),
    **{name: millis for name in Timings.model_fields if name != "total"},
)
records = st.builds(
    Record,
    tenant=st.from_regex(r"[a-z0-9_-]{1,64}", fullmatch=True),
    request_id=st.uuids().map(str),
    client_request_id=st.none() | text(256),
    user=text(64, least=1),
    session_path=st.none() | text(512),
    properties=st.dictionaries(text(16), text(32), max_size=8),
    producer_id=text(256),
    sequence=st.integers(0, 2**53 - 1),
    produced_at=times,
    provider=text(64),
    dialect=text(64),
    upstream_url=text(512),
    path=text(1024),
    method=text(64),
    model_requested=st.none() | text(256),
    stream=st.booleans(),
    request_bytes=st.integers(0, 2**53 - 1),
    started_at=times,
    status=st.none() | st.integers(100, 999),
    outcome=st.sampled_from(get_args(Outcome)),
    error=st.none() | text(512),
    model=st.none() | text(256),
    timings_ms=timings,
    usage=st.none() | usages,
    request_body=st.sampled_from(get_args(BodyState)),
)
parts = st.none() | st.builds(
    BodyPart, text(100), text(20), st.binary(max_size=2000), stored=st.none()
)
envelopes = st.builds(
    BodyEnvelope,
    tenant=st.just("default"),
    request_id=st.uuids().map(str),
    started_at=times,
    request=parts,
    response=parts,
)
DECODERS = [
    codec.decode_record,
    codec.decode_fact,
    codec.decode_dead_letter,
    body_codec.decode_bodies,
]
RECORD_BYTES = codec.encode_record(record(properties={"a": "b"}, traceparent=None))
BODY_BYTES = body_codec.encode_bodies(
    BodyEnvelope(
        "default", fields()["request_id"], STARTED_AT, BodyPart("a/b", "", b"x" * 300), None
    )
)
PLAIN_BODY_BYTES = body_codec.encode_bodies(
    BodyEnvelope("default", fields()["request_id"], STARTED_AT, BodyPart("a/b", "", b"x"), None)
)


def decodes_or_refuses(decode: Any, value: bytes) -> bool:
    """Whether the bytes decode; anything but a RecordError with a known reason fails the test."""
    reason = None
    try:
        decode(value)
    except RecordError as exc:
        reason = exc.reason
    assert reason is None or reason in REASONS
    return reason is None


@given(records)
def test_a_record_survives_the_wire_and_stays_small(original: Record) -> None:
    value = codec.encode_record(original)
    assert codec.decode_record(value) == original
    assert codec.encode_record(codec.decode_record(value)) == value
    assert len(value) < 65_536


@given(envelopes)
def test_bodies_survive_the_wire(original: BodyEnvelope) -> None:
    assert body_codec.decode_bodies(body_codec.encode_bodies(original)) == original


@pytest.mark.parametrize("decode", DECODERS)
@given(value=st.binary(max_size=300) | text(100).map(str.encode))
def test_random_bytes_are_refused(decode: Any, value: bytes) -> None:
    assert not decodes_or_refuses(decode, value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@given(st.sampled_from(sorted(Record.model_fields)), JSON)
def test_any_value_in_any_field_is_taken_or_refused(name: str, value: Any) -> None:
    may_be_refused = Record.model_fields[name].is_required() or name == "tenant"
    built, reason = None, None
    try:
        built = build_record(**fields(**{name: value}))
    except RecordError as exc:
        reason = exc.reason
    if built is None:
        assert (reason, may_be_refused) == ("invalid", True)
    else:
        assert codec.decode_record(codec.encode_record(built)) == built


@pytest.mark.parametrize(
    ("decode", "value"),
    [
        (codec.decode_record, RECORD_BYTES),
        (body_codec.decode_bodies, BODY_BYTES),
        (body_codec.decode_bodies, PLAIN_BODY_BYTES),
    ],
    ids=["record", "bodies", "plain bodies"],
)
def test_no_truncated_prefix_decodes(decode: Any, value: bytes) -> None:
    assert decodes_or_refuses(decode, value)
    assert not any(decodes_or_refuses(decode, value[:end]) for end in range(len(value)))


@pytest.mark.parametrize(
    ("decode", "value"),
    [
        (codec.decode_record, RECORD_BYTES),
        (body_codec.decode_bodies, BODY_BYTES),
        (body_codec.decode_bodies, PLAIN_BODY_BYTES),
    ],
    ids=["record", "bodies", "plain bodies"],
)
def test_a_flipped_byte_is_taken_or_refused(decode: Any, value: bytes) -> None:
    flipped = [
        decodes_or_refuses(decode, value[:at] + bytes([value[at] ^ bit]) + value[at + 1 :])
        for at in range(len(value))
        for bit in (0x01, 0x20, 0x80, 0xFF)
    ]
    assert not all(flipped)


@given(records)
def test_a_draft_says_what_its_record_says(original: Record) -> None:
    assert drafted(original).record() == original


@given(st.sampled_from(sorted(Record.model_fields)), JSON)
def test_what_is_sound_is_what_the_model_takes(name: str, value: Any) -> None:
    """Whatever is in a field, a draft is what the model would have made of it."""
    full = {"request_body": "empty", "response_body": "empty", "user": "u", "stream": False}
    full |= {"tenant": "t"}
    given = full | {"request_bytes": 1, "response_bytes": 2, "properties": {}}
    given |= fields(**{name: value})
    given = {each: found for each, found in given.items() if found is not None}
    if is_sound(given):
        assert draft_of(given).record() == build_record(**given)
