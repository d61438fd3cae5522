from datetime import UTC, datetime
from typing import Any

import pytest

from app.errors import RecordError
from app.record.model import Usage
from proxy.capture.capture import Capture
from proxy.exchange import CaptureLimits
from tests.support.captures import LIMITS, REQUEST_ID, STAMP, call_meta, ended

REQUEST = b'{"model": "gpt-4o", "user": "alice"}'
DOCUMENT = (
    b'{"id": "chatcmpl-1", "model": "gpt-4o-2024-08-06", "choices": [{"finish_reason": "stop"}],'
    b' "usage": {"prompt_tokens": 3, "completion_tokens": 4}}'
)


def exchange(
    request: bytes = REQUEST, response: bytes = DOCUMENT, status: int = 200, **meta: Any
) -> Capture:
    capture = Capture(call_meta(**meta), LIMITS, "openai")
    capture.feed_request(request)
    capture.request_sent(100.25, waited_s=0.125)
    capture.response_started(status, "application/json", "", "req_1", 100.5)
    capture.feed_response([response], [101.0])
    return capture


def test_all_that_is_known_is_in_the_record() -> None:
    meta = {
        "client_request_id": "mine",
        "key_id": "key-1",
        "session_id": "s",
        "session_name": "n",
        "session_path": "/p",
        "properties": {"team": "red"},
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "client_retry_count": 2,
    }
    finished = ended(exchange(**meta))
    record = finished.record
    assert {name: getattr(record, name) for name in meta} == meta
    assert (record.tenant, record.request_id) == ("default", REQUEST_ID)
    assert (record.producer_id, record.sequence) == (STAMP.producer_id, STAMP.sequence)
    assert record.produced_at == STAMP.produced_at
    assert record.started_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert (record.provider, record.dialect, record.method) == ("openai", "openai", "POST")
    assert (record.upstream_url, record.path) == (
        "https://api.openai.com/v1/chat/completions",
        "/v1/chat/completions",
    )
    assert (record.status, record.outcome, record.error) == (200, "completed", None)
    assert (record.model_requested, record.model) == ("gpt-4o", "gpt-4o-2024-08-06")
    assert (record.user, record.finish_reason, record.stream) == ("alice", "stop", False)
    assert record.provider_request_id == "req_1"
    assert record.usage == Usage(input=3, output=4)
    assert record.timings_ms.model_dump(exclude_none=True) == {
        "total": 2000.0,
        "upstream_headers": 500.0,
        "first_byte": 1000.0,
        "proxy_overhead": 125.0,
        "upstream": 1750.0,
    }
    assert (record.request_body, record.response_body) == ("kept", "kept")
    assert record.body_ref == f"bodies/{REQUEST_ID}"
    assert finished.notes == ()


def test_the_bodies_are_as_they_came() -> None:
    bodies = ended(exchange()).bodies
    assert bodies is not None
    assert (bodies.tenant, bodies.request_id) == ("default", REQUEST_ID)
    assert bodies.started_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert bodies.request is not None
    assert bodies.response is not None
    assert (bodies.request.data, bodies.response.data) == (REQUEST, DOCUMENT)


@pytest.mark.parametrize(
    ("omitted", "states"),
    [
        ({"omit_request": True}, ("omitted", "kept")),
        ({"omit_response": True}, ("kept", "omitted")),
        ({"omit_request": True, "omit_response": True}, ("omitted", "omitted")),
    ],
)
def test_each_side_may_be_omitted(omitted: dict[str, bool], states: tuple[str, str]) -> None:
    finished = ended(exchange(**omitted))
    record = finished.record
    assert (record.request_body, record.response_body) == states
    assert (record.model_requested, record.usage) == ("gpt-4o", Usage(input=3, output=4))
    assert (finished.bodies is None) == (states == ("omitted", "omitted"))
    assert (record.body_ref is None) == (finished.bodies is None)


@pytest.mark.parametrize(
    ("header", "body", "user", "notes"),
    [
        ("bob", REQUEST, "bob", ()),
        (None, REQUEST, "alice", ()),
        (None, b"{}", "anonymous", ()),
        (None, b'{"user": "%b"}' % (b"x" * 256), "x" * 256, ()),
        (None, b'{"user": "%b"}' % (b"x" * 257), "anonymous", ("user_too_long",)),
        (None, '{{"user": "{}"}}'.format("é" * 129).encode(), "anonymous", ("user_too_long",)),
    ],
)
def test_whose_exchange_it_is(
    header: str | None, body: bytes, user: str, notes: tuple[str, ...]
) -> None:
    finished = ended(exchange(body, user=header))
    assert (finished.record.user, finished.notes) == (user, notes)


def test_a_call_that_was_refused_has_no_response() -> None:
    capture = Capture(call_meta(), LIMITS, "openai")
    record = ended(capture, "refused", "header x is too long").record
    assert (record.status, record.outcome, record.error) == (
        None,
        "refused",
        "header x is too long",
    )
    assert (record.request_body, record.response_body, record.body_ref) == ("empty", "empty", None)
    assert record.timings_ms.proxy_overhead is None


def test_an_upstream_that_broke_off_leaves_what_was_asked() -> None:
    capture = Capture(call_meta(), LIMITS, "openai")
    capture.feed_request(REQUEST)
    record = ended(capture, "upstream_error", "reset").record
    assert (record.user, record.model_requested, record.error) == ("alice", "gpt-4o", "reset")


def test_response_bytes_before_the_head_are_none() -> None:
    capture = Capture(call_meta(), LIMITS, "openai")
    capture.feed_response([b"early"], [101.0])
    assert ended(capture).record.response_bytes == 0


def test_the_providers_own_id_is_taken_where_the_header_has_none() -> None:
    capture = Capture(call_meta(), LIMITS, "openai")
    capture.response_started(200, "application/json", "", None, 100.5)
    capture.feed_response([DOCUMENT], [101.0])
    assert ended(capture).record.provider_request_id == "chatcmpl-1"


def test_an_error_in_plain_text_is_taken() -> None:
    capture = Capture(call_meta(), LIMITS, "openai")
    capture.response_started(503, "text/plain", "", None, 100.5)
    capture.feed_response([b"no healthy upstream"], [101.0])
    record = ended(capture).record
    assert (record.outcome, record.status, record.error) == (
        "upstream_error",
        503,
        "no healthy upstream",
    )


def test_a_client_may_leave_once_the_end_mark_came() -> None:
    capture = Capture(call_meta(), LIMITS, "openai")
    capture.response_started(200, "text/event-stream", "", None, 100.5)
    assert not capture.ended
    capture.feed_response([b"data: [DONE]\n\n"], [101.0])
    assert capture.ended
    assert (capture.request_bytes, capture.response_bytes) == (0, 14)


def test_a_stream_is_one_whatever_the_request_said() -> None:
    capture = Capture(call_meta(), LIMITS, "openai")
    capture.response_started(200, "text/event-stream", "", None, 100.5)
    assert ended(capture).record.stream is True


class Broken:
    """A dialect with a fault of its own."""

    marks_end = True
    malformed_total = 0
    ended = False

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError(name)


@pytest.mark.interpreted
@pytest.mark.parametrize("content_type", ["text/event-stream", "application/json"])
def test_a_fault_of_a_dialect_costs_its_facts_alone(
    content_type: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("proxy.capture.capture.dialect_state", lambda *_: Broken())
    capture = Capture(call_meta(user="bob"), LIMITS, "openai")
    capture.feed_request(REQUEST)
    capture.request_sent(100.25)
    capture.response_started(200, content_type, "", "req_1", 100.5)
    for _ in range(3):
        capture.feed_response([b'data: {"x": 1}\n\n'], [101.0])
    finished = ended(capture)
    record = finished.record
    assert "capture_failed" in finished.notes
    assert (record.user, record.usage, record.outcome) == ("bob", None, "completed")
    assert (record.response_bytes, record.response_body) == (48, "kept")
    assert finished.bodies is not None


@pytest.mark.interpreted
def test_a_fault_of_our_own_costs_no_record(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Capture) -> None:
        raise RuntimeError

    capture = exchange(user="bob", status=500)
    monkeypatch.setattr(Capture, "_bodies", fail)
    finished = ended(capture)
    record = finished.record
    assert (finished.bodies, finished.notes) == (None, ("capture_failed",))
    assert (record.outcome, record.error, record.user) == ("upstream_error", "status 500", "bob")
    assert (record.response_bytes, record.usage) == (len(DOCUMENT), None)


def test_a_mistake_in_the_meta_is_told() -> None:
    with pytest.raises(RecordError):
        ended(exchange(tenant="Not A Tenant"))


def test_a_body_too_large_is_read_and_not_kept() -> None:
    capture = Capture(call_meta(), CaptureLimits(max_body_bytes=50), "openai")
    capture.feed_request(REQUEST)
    capture.response_started(200, "application/json", "", None, 100.5)
    capture.feed_response([DOCUMENT], [101.0])
    finished = ended(capture)
    assert (finished.record.request_body, finished.record.response_body) == ("kept", "too_large")
    assert finished.record.usage == Usage(input=3, output=4)
    assert finished.bodies is not None
    assert finished.bodies.response is None


def test_the_clients_word_for_the_model_outranks_the_responses() -> None:
    capture = Capture(call_meta(model_override="priced-as"), LIMITS, "openai")
    capture.feed_request(b'{"model": "asked"}')
    capture.request_sent(100.5)
    capture.response_started(200, "application/json", "", None, 101.0)
    capture.feed_response([b'{"model": "answered", "choices": []}'], [101.5])
    record = ended(capture).record
    assert (record.model, record.model_requested) == ("priced-as", "asked")


def test_an_end_mark_is_seen_as_soon_as_it_came() -> None:
    """Though events are read some at a time: a client may leave in that very moment."""
    capture = Capture(call_meta(), LIMITS, "openai")
    capture.response_started(200, "text/event-stream", "", None, 1.0)
    capture.feed_response([b'data: {"choices":[{"delta":{"content":"x"}}]}\n\n'], [1.0])
    assert not capture.ended
    capture.feed_response([b"data: [DONE]\n\n"], [2.0])
    assert capture.ended
