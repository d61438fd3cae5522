import gzip

import pytest

from proxy.capture.form import HEAD_BYTES
from proxy.capture.request_side import RequestSide
from proxy.dialects.base import RequestFacts
from proxy.dialects.openai_chat import OpenAIChat
from proxy.exchange import CaptureLimits
from tests.support.captures import LIMITS, call_meta

BODY = b'{"model": "gpt-4o", "user": "alice", "stream": true}'
FACTS = RequestFacts("gpt-4o", stream=True, user="alice")


def side(*chunks: bytes, limits: CaptureLimits = LIMITS, **meta: object) -> RequestSide:
    request = RequestSide(call_meta(**meta), limits, OpenAIChat())
    for chunk in chunks:
        request.feed(chunk)
    return request


def test_a_kept_body() -> None:
    request = side(BODY[:7], BODY[7:])
    assert request.read() == FACTS
    part = request.part()
    assert part is not None
    assert (part.content_type, part.content_encoding) == ("application/json", "")
    assert part.data == BODY
    assert (request.state, request.size_bytes, request.notes) == ("kept", len(BODY), [])


def test_no_body() -> None:
    request = side()
    assert request.read() == RequestFacts()
    assert (request.state, request.part(), request.notes) == ("empty", None, [])


def test_an_omitted_body_is_read_and_let_go() -> None:
    request = side(BODY, omit_request=True)
    assert request.read() == FACTS
    assert (request.state, request.part()) == ("omitted", None)
    assert request._json is None
    assert request._copy.data() == b""


def test_a_body_too_large_to_keep_is_still_read() -> None:
    request = side(BODY[:20], BODY[20:], limits=CaptureLimits(max_body_bytes=30))
    assert request.read() == FACTS
    assert (request.state, request.part(), request.notes) == ("too_large", None, [])


def test_a_body_too_large_to_read_is_noted() -> None:
    request = side(BODY, limits=CaptureLimits(max_body_bytes=30, max_decoded_bytes=30))
    assert request.read() == RequestFacts()
    assert request.notes == ["request_too_large_to_read"]


def test_an_encoded_body_is_decoded_for_reading_and_kept_as_it_came() -> None:
    data = gzip.compress(BODY)
    request = side(data, request_content_encoding="gzip")
    assert request.read() == FACTS
    part = request.part()
    assert part is not None
    assert (part.content_encoding, part.data) == ("gzip", data)


@pytest.mark.parametrize(
    "data",
    [b"not gzip", gzip.compress(BODY)[:-9], gzip.compress(bytes(3000))],
    ids=["no gzip", "cut off", "too large"],
)
def test_what_cannot_be_decoded_is_noted(data: bytes) -> None:
    limits = CaptureLimits(max_decoded_bytes=2000)
    request = side(data, limits=limits, request_content_encoding="gzip")
    assert request.read() == RequestFacts()
    assert request.notes == ["request_not_decoded"]


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff", b'"text"'])
def test_what_claims_to_be_json_and_is_no_object_is_noted(data: bytes) -> None:
    request = side(data)
    assert request.read() == RequestFacts()
    assert request.notes == ["request_not_json"]


def test_a_form_says_its_model_and_is_not_gathered_for_reading() -> None:
    head = b'--b\r\nContent-Disposition: form-data; name="model"\r\n\r\nm\r\n--b\r\n'
    request = side(head, b"x" * 50_000, request_content_type="multipart/form-data; boundary=b")
    assert request._json is None
    assert len(request._form) == HEAD_BYTES
    assert request.read() == RequestFacts("m")
    assert (request.state, request.notes) == ("kept", [])


def test_bytes_that_are_neither_json_nor_a_form_are_not_looked_into() -> None:
    request = side(b"", b"\x00" * 50, b"", request_content_type="audio/wav")
    assert request.read() == RequestFacts()
    assert (request.state, request.size_bytes, request.notes) == ("kept", 50, [])


def test_json_under_another_name_is_read() -> None:
    assert side(b" \n" + BODY, request_content_type="text/plain").read() == FACTS


def test_broken_text_is_replaced() -> None:
    assert side(b'{"user": "a\xff"}').read().user == "a\ufffd"


def test_bytes_after_the_reading_are_kept_and_counted() -> None:
    request = side(BODY)
    request.read()
    request.feed(b"  ")
    part = request.part()
    assert part is not None
    assert part.data == BODY + b"  "
    assert request.read() == FACTS
