"""Captures of large bodies: they go elsewhere whole, omitted ones nowhere; the record says so."""

import pytest

from app.record.bodies import BodyPart
from proxy.capture.capture import Capture
from proxy.exchange import CaptureLimits
from tests.support.captures import REQUEST_ID, call_meta, ended
from tests.support.large import MemoryLargeBodies

LIMITS = CaptureLimits(max_body_bytes=100)
PREFIX = f"default/2026-01-02/direct/{REQUEST_ID}"
CHUNKS = [b"a" * 60, b"b" * 60, b"c" * 60]


def fed(elsewhere: MemoryLargeBodies | None, **meta: bool) -> Capture:
    """A small request, and a response of 180 bytes."""
    capture = Capture(call_meta(**meta), LIMITS, "openai", elsewhere)
    capture.feed_request(b'{"model":"gpt-4o"}')
    capture.request_sent(100.1)
    capture.response_started(200, "audio/mpeg", "", None, 101.0)
    for chunk in CHUNKS:
        capture.feed_response([chunk], [101.5])
    return capture


async def test_a_large_body_goes_elsewhere_from_its_first_byte() -> None:
    elsewhere = MemoryLargeBodies()
    capture = fed(elsewhere)
    (body,) = capture.larger()
    assert elsewhere.begun == {f"{PREFIX}/response": body}
    assert elsewhere.begun[f"{PREFIX}/response"].data == b"".join(CHUNKS)
    elsewhere.begun[f"{PREFIX}/response"].settle()
    finished = ended(capture)
    record = finished.record
    assert record.body_ref == f"s3://bucket/{PREFIX}"
    assert (record.request_body, record.response_body) == ("kept", "kept")
    assert finished.bodies is not None
    assert finished.bodies.request == BodyPart("application/json", "", b'{"model":"gpt-4o"}')
    assert finished.bodies.response == BodyPart("audio/mpeg", "", b"", body.stored)
    assert record.model_requested == "gpt-4o"


@pytest.mark.parametrize("state", ["open", "dropped", "too_large"])
async def test_one_that_is_not_kept_leaves_the_record_and_the_other_side(state: str) -> None:
    elsewhere = MemoryLargeBodies()
    capture = fed(elsewhere)
    if state != "open":
        elsewhere.begun[f"{PREFIX}/response"].settle(state)  # type: ignore[arg-type]
    finished = ended(capture)
    expected = "too_large" if state == "too_large" else "dropped"
    assert finished.record.response_body == expected
    assert finished.record.body_ref == f"bodies/{REQUEST_ID}"
    assert finished.bodies is not None
    assert finished.bodies.response is None


async def test_an_omitted_body_goes_nowhere() -> None:
    elsewhere = MemoryLargeBodies()
    capture = fed(elsewhere, omit_response=True)
    assert (capture.larger(), elsewhere.begun) == ([], {})
    assert ended(capture).record.response_body == "omitted"


async def test_a_large_request_is_read_all_the_same() -> None:
    elsewhere = MemoryLargeBodies()
    capture = Capture(call_meta(), LIMITS, "openai", elsewhere)
    body = b'{"model":"gpt-4o","messages":[{"role":"user","content":"' + b"x" * 200 + b'"}]}'
    capture.feed_request(body)
    capture.request_sent(100.1)
    assert elsewhere.begun[f"{PREFIX}/request"].data == body
    elsewhere.begun[f"{PREFIX}/request"].settle()
    record = ended(capture, "upstream_error", "reset").record
    assert (record.model_requested, record.request_body) == ("gpt-4o", "kept")


async def test_without_anybody_to_keep_it_it_is_too_large() -> None:
    capture = fed(None)
    assert capture.larger() == []
    assert ended(capture).record.response_body == "too_large"
