"""Small bodies are read as the general way reads them, and give way to it where they must."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.capture import capture as module
from proxy.capture.capture import Capture
from proxy.capture.json_body import WHOLE_BYTES
from proxy.capture.response_head import ResponseHead
from proxy.capture.whole import WholeRequest, WholeResponse, is_whole
from proxy.dialects.table import dialect_state
from proxy.exchange import CaptureLimits, Finished
from tests.support.captures import call_meta, ended, golden_exchanges

CHAT = (
    b'{"id":"c","model":"m","choices":[{"index":0,"message":{"content":"hi sk-secret"}}],'
    b'"usage":{"prompt_tokens":3,"completion_tokens":2,"total_tokens":5}}'
)
ASKED = b'{"model":"m","user":"alice","messages":[{"role":"user","content":"my sk-secret"}]}'
BODIES = [CHAT, ASKED, b"", b"null", b"[1]", b"{", b"\xff", b'{"error":{"message":"no"}}', b" {}"]


def exchange(
    requests: list[bytes], responses: list[bytes], *, whole: bool, **changes: Any
) -> Finished:
    """An exchange of these chunks, read in either way."""
    limits = CaptureLimits(**changes.pop("limits", {}))
    kind = changes.pop("content_type", "application/json")
    meta = call_meta(secrets=(b"sk-secret",), **changes)
    capture = Capture(meta, limits, "openai")
    if not whole:
        capture._request = module.RequestSide(meta, limits, capture._dialect)
    for chunk in requests:
        capture.feed_request(chunk)
    capture.request_sent(100.5)
    capture.response_started(200, kind, "", "req-1", 100.75)
    if not whole:
        capture._response = capture._response_side(ResponseHead(200, kind, ""))
    for chunk in responses:
        capture.feed_response([chunk], [101.0])
    return ended(capture)


def cut(body: bytes, places: list[int]) -> list[bytes]:
    ends = sorted({0, len(body), *(place % (len(body) + 1) for place in places)})
    return [body[start:end] for start, end in pairwise(ends)]


@given(
    st.sampled_from(BODIES) | st.binary(max_size=200),
    st.sampled_from(BODIES) | st.binary(max_size=200),
    st.lists(st.integers(0, 300), max_size=3),
    st.sampled_from(["application/json", "", "text/plain", "application/problem+json"]),
    st.booleans(),
    st.booleans(),
)
def test_both_ways_give_the_same_record_and_bodies(
    asked: bytes, answer: bytes, places: list[int], kind: str, omit: bool, is_json: bool
) -> None:
    given_to = {
        "omit_request": omit,
        "omit_response": omit and is_json,
        "content_type": kind,
        "request_content_type": "application/json" if is_json else "",
    }
    requests, responses = cut(asked, places[:1]), cut(answer, places)
    made = [exchange(requests, responses, whole=whole, **given_to) for whole in (True, False)]
    assert made[0] == made[1]


@pytest.mark.parametrize("golden", golden_exchanges(), ids=lambda golden: golden.name)
def test_golden_exchanges_in_the_general_way(golden: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    quick = golden.feed([golden.response])
    monkeypatch.setattr(WholeRequest, "takes", lambda *_: False)
    monkeypatch.setattr(module, "is_whole", lambda *_, **__: False)
    assert golden.feed([golden.response]) == quick


@pytest.mark.parametrize("limits", [{}, {"max_body_bytes": 1000}])
def test_what_outgrows_it_goes_on_in_the_general_way(limits: dict[str, int]) -> None:
    text = b'{"model":"m","messages":"' + b"x" * WHOLE_BYTES + b'"}'
    pieces = [text[at : at + 5000] for at in range(0, len(text), 5000)]
    whole, general = (
        exchange([text], pieces, whole=whole, limits=limits) for whole in (True, False)
    )
    assert whole == general
    assert whole.draft.fields["response_body"] == ("too_large" if limits else "kept")


@pytest.mark.parametrize(
    ("status", "content_type", "content_encoding", "expected"),
    [
        (200, "application/json", "", True),
        (200, "", "", True),
        (200, "application/json", "gzip", False),
        (400, "application/json", "", False),
        (200, "text/event-stream", "", False),
        (200, "application/x-ndjson", "", False),
        (200, "audio/mpeg", "", False),
    ],
)
def test_which_answers_are_plain(
    status: int, content_type: str, content_encoding: str, expected: bool
) -> None:
    head = ResponseHead(status, content_type, content_encoding)
    assert is_whole(head, CaptureLimits(), in_elements=False) is expected
    assert not is_whole(head, CaptureLimits(), in_elements=True)
    assert not is_whole(head, CaptureLimits(max_body_bytes=10), in_elements=False)


def test_a_second_piece_is_not_for_it() -> None:
    request = WholeRequest(call_meta(), dialect_state("openai", "/v1/chat/completions"))
    assert request.takes(b"{", CaptureLimits())
    assert not request.takes(b"}", CaptureLimits())
    head = ResponseHead(200, "application/json", "")
    response = WholeResponse(head, call_meta(), dialect_state("openai", "/v1/chat/completions"))
    assert response.takes([b"{"] * WHOLE_BYTES)
    assert not response.takes([b"}"])
