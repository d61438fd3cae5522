"""The lines of `/api/v1/log`, written and read."""

import base64

import orjson
import pytest

from app.errors import RecordError
from app.record.bodies import BodyPart
from app.record.codec import decode_record, encode_record
from proxy.ingest.wire import bodies_line, parse_line, record_line
from tests.support.records import record


def test_a_record_goes_in_as_it_is() -> None:
    """Member by member, and nothing is added."""
    value = encode_record(record())
    line = parse_line(record_line(value))
    assert decode_record(orjson.dumps(line.record)) == record()
    assert (line.parts, line.bodies) == ({}, None)
    assert record_line(value).endswith(b"\n")
    assert record_line(value).count(b"\n") == 1


def test_bodies_go_byte_by_byte() -> None:
    """Any bytes, on one line."""
    value = bytes(range(256))
    assert bodies_line(value).count(b"\n") == 1
    assert parse_line(bodies_line(value)).bodies == value


def test_bodies_beside_a_record_have_types() -> None:
    """Given, or what is likely."""
    text = base64.b64encode(b"{}").decode()
    members = {"record": {"stream": True}, "request_body": text, "response_body": text}
    line = parse_line(orjson.dumps(members))
    assert line.parts == {
        "request": BodyPart("application/json", "", b"{}"),
        "response": BodyPart("text/event-stream", "", b"{}"),
    }
    typed = {"response_content_type": "text/plain", "response_content_encoding": "gzip"}
    line = parse_line(orjson.dumps(members | typed))
    assert line.parts["response"] == BodyPart("text/plain", "gzip", b"{}")


@pytest.mark.parametrize(
    ("raw", "reason", "detail"),
    [
        (b"garbage", "undecodable", "not JSON"),
        (b'{"record": {}', "undecodable", "not JSON"),
        (b"\xff\xfe", "undecodable", "not JSON"),
        (b"[" * 5000, "undecodable", "not JSON"),
        (b"[]", "invalid", "a line is a JSON object"),
        (b"{}", "invalid", "record: an object"),
        (b'{"record": 1}', "invalid", "record: an object"),
        (b'{"record": null, "bodies": 1}', "invalid", "bodies: base64"),
        (b'{"bodies": "%%"}', "invalid", "bodies: base64"),
        ('{"bodies": "é"}'.encode(), "invalid", "bodies: base64"),
        (b'{"record": {}, "request_body": "a"}', "invalid", "request_body: base64"),
        (b'{"record": {}, "response_body": {}}', "invalid", "response_body: base64"),
        (
            b'{"record": {}, "request_body": "", "request_content_type": 1}',
            "invalid",
            "request_content_type: a text",
        ),
    ],
)
def test_what_is_wrong_is_named(raw: bytes, reason: str, detail: str) -> None:
    with pytest.raises(RecordError) as caught:
        parse_line(raw)
    assert caught.value.reason == reason
    assert detail in caught.value.detail
