"""A line as an exchange of ours: with the token as it says, without it as we say."""

import base64
from typing import Any

import orjson
import pytest

from app.errors import RecordError
from app.record.codec import decode_record, encode_record
from app.record.keys import exchange_key
from app.record.model import Record
from proxy.ingest.reading import Taken, lost
from proxy.ingest.wire import bodies_line, record_line
from proxy.publisher.encoding import body_message
from tests.support.finished import finished
from tests.support.ingest import TOPICS, reader
from tests.support.records import record


def line(made: Record, **changes: Any) -> bytes:
    """The line of a record, members changed; None leaves one out."""
    members = orjson.loads(encode_record(made)) | changes
    return orjson.dumps({"record": {k: v for k, v in members.items() if v is not None}})


def of(taken: Taken) -> Record:
    """The record of what was taken."""
    assert taken.record is not None
    return decode_record(taken.record.value)


def test_with_the_token_everything_stays() -> None:
    """Tenant, ids, producer, sequence and times; the key is made here."""
    sent = record(tenant="acme", sequence=7)
    taken = reader().read(record_line(encode_record(sent)), trusted=True)
    assert of(taken) == sent
    assert taken.record is not None
    assert taken.record.topic == TOPICS.exchanges
    assert taken.record.key == exchange_key("acme", sent.user, sent.request_id)
    assert taken.identity == ("record", "acme", sent.request_id)


def test_with_the_token_members_of_a_newer_version_stay() -> None:
    """They are passed on, for consumers that know them."""
    taken = reader().read(line(record(), invented_later={"a": 1.5}), trusted=True)
    assert taken.record is not None
    assert orjson.loads(taken.record.value)["invented_later"] == {"a": 1.5}


def test_without_the_token_nobody_speaks_for_us() -> None:
    """Tenant and ids are ours, the client's id is kept, bodies are what came along."""
    sent = record(tenant="acme", key_id="k", attempt=3, client_request_id=None)
    got = of(reader().read(line(sent), trusted=False))
    assert got.tenant == "default"
    assert got.request_id != sent.request_id
    assert got.client_request_id == sent.request_id
    assert (got.key_id, got.attempt, got.body_ref) == (None, 0, None)
    assert (got.request_body, got.response_body) == ("empty", "empty")
    assert got.producer_id == f"log:{sent.producer_id}"
    assert (got.user, got.usage, got.produced_at) == (sent.user, sent.usage, sent.produced_at)


def test_without_the_token_a_line_sent_again_is_known() -> None:
    """By its bytes, if it names its place; another line has another id."""
    first, again = (reader().read(line(record()), trusted=False) for _ in range(2))
    other = reader().read(line(record(sequence=9)), trusted=False)
    assert first.identity == again.identity
    assert first.identity != other.identity


def test_what_a_record_must_have_is_given_to_it() -> None:
    """An id, a place, a time."""
    absent = dict.fromkeys(("request_id", "producer_id", "sequence", "produced_at"))
    source = reader()
    first, second = (
        of(source.read(line(record(), **absent), trusted=trusted)) for trusted in (True, False)
    )
    assert first.request_id != second.request_id
    assert (first.producer_id, first.sequence, second.sequence) == ("log:here", 0, 1)
    assert first.produced_at.timestamp() == 1_700_000_000


def test_bodies_come_with_their_record() -> None:
    """The record says so, and points to them under its own id."""
    members = orjson.loads(line(record(body_ref="s3://elsewhere/secret")))
    members["request_body"] = base64.b64encode(b"question").decode()
    taken = reader().read(orjson.dumps(members), trusted=False)
    got = of(taken)
    assert taken.bodies is not None
    assert taken.bodies.request is not None
    assert (taken.bodies.request.data, taken.bodies.response) == (b"question", None)
    assert taken.bodies.request_id == got.request_id
    assert got.body_ref == f"bodies/{got.request_id}"
    assert (got.request_body, got.response_body) == ("kept", "empty")
    told = of(lost(taken, "too_large"))
    assert (told.body_ref, told.request_body, told.response_body) == (None, "too_large", "empty")


def test_bodies_alone_need_the_token() -> None:
    """Then they arrive byte by byte, under their key."""
    bodies = finished(1, 50).bodies
    assert bodies is not None
    message = body_message(bodies, TOPICS)
    taken = reader().read(bodies_line(message.value), trusted=True)
    assert taken.body == message
    assert taken.record is None
    with pytest.raises(RecordError, match="needs_token"):
        reader().read(bodies_line(message.value), trusted=False)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (line(record(), tenant="No Such Tenant"), "invalid"),
        (line(record(), outcome=None), "invalid"),
        (line(record(), schema_version=99), "unknown_version"),
        (bodies_line(b"no frame"), "undecodable"),
        (bodies_line(b"x" * (9 << 20)), "too_large"),
        (line(record(), error="x" * (2 << 20)), "too_large"),
    ],
)
def test_what_cannot_be_taken_says_why(raw: bytes, reason: str) -> None:
    with pytest.raises(RecordError) as caught:
        reader().read(raw, trusted=True)
    assert caught.value.reason == reason
