import gzip

import orjson
import pytest

from proxy.capture.response_head import ResponseHead
from proxy.capture.response_side import ResponseSide
from proxy.dialects.openai_chat import OpenAIChat
from proxy.dialects.openai_responses import OpenAIResponses
from proxy.exchange import CaptureLimits
from tests.support.captures import LIMITS

DOCUMENT = b'{"model": "gpt-4o", "usage": {"prompt_tokens": 3, "completion_tokens": 4}}'
HELLO = b'data: {"model":"m","choices":[{"delta":{"content":"hello"}}]}\n\n'
DONE = b"data: [DONE]\n\n"


def side(
    *chunks: bytes,
    content_type: str = "application/json",
    encoding: str = "",
    status: int = 200,
    limits: CaptureLimits = LIMITS,
    omit: bool = False,
) -> ResponseSide:
    head = ResponseHead(status, content_type, encoding)
    response = ResponseSide(head, limits, OpenAIChat(), omit=omit)
    for chunk in chunks:
        response.feed([chunk], [5.0])
    return response


@pytest.mark.parametrize("content_type", ["application/json", "application/problem+JSON; x=y", ""])
def test_a_document(content_type: str) -> None:
    response = side(DOCUMENT[:9], DOCUMENT[9:], content_type=content_type)
    facts, truncated = response.finish()
    assert (facts.model, facts.usage, truncated) == ("gpt-4o", {"input": 3, "output": 4}, False)
    part = response.part()
    assert part is not None
    assert part.data == DOCUMENT
    assert (response.state, response.is_stream, response.notes) == ("kept", False, [])


def test_no_body() -> None:
    response = side()
    facts, truncated = response.finish()
    assert (facts.usage, truncated) == (None, False)
    assert (response.state, response.part(), response.notes) == ("empty", None, [])


def test_an_omitted_body_is_read_and_not_kept() -> None:
    response = side(DOCUMENT, omit=True)
    assert response.finish()[0].usage == {"input": 3, "output": 4}
    assert (response.state, response.part()) == ("omitted", None)
    assert response._copy.data() == b""


def test_a_stream_too_large_to_keep_is_read_to_its_end() -> None:
    response = side(HELLO, HELLO, DONE, content_type="text/event-stream", limits=CaptureLimits(99))
    facts, truncated = response.finish()
    assert (facts.usage, truncated) == ({"output": 3, "estimated": True}, False)
    assert (response.state, response.part()) == ("too_large", None)
    assert response._copy.data() == b""


def test_a_document_too_large_to_read_is_noted() -> None:
    response = side(DOCUMENT, limits=CaptureLimits(max_decoded_bytes=20))
    assert response.finish()[0].usage is None
    assert (response.state, response.notes) == ("kept", ["response_too_large_to_read"])


def test_an_encoded_document_is_decoded_for_reading_and_kept_as_it_came() -> None:
    data = gzip.compress(DOCUMENT)
    response = side(data, encoding="gzip")
    assert response.finish()[0].model == "gpt-4o"
    part = response.part()
    assert part is not None
    assert (part.content_encoding, part.data) == ("gzip", data)


@pytest.mark.parametrize("encoding", ["compress", "br"])
def test_a_stream_that_cannot_be_decoded_is_not_called_cut_short(encoding: str) -> None:
    response = side(HELLO, HELLO, content_type="text/event-stream", encoding=encoding)
    facts, truncated = response.finish()
    assert (facts.usage, truncated) == (None, False)
    assert response.notes == ["response_not_decoded"]


def test_a_stream_whose_coding_is_cut_short_is_cut_short() -> None:
    data = gzip.compress(HELLO + DONE)
    response = side(data[:-20], content_type="text/event-stream", encoding="gzip")
    _, truncated = response.finish()
    assert truncated
    assert response.notes == ["response_not_decoded"]


def test_a_stream_beyond_the_limit_estimates_nothing() -> None:
    data = gzip.compress(HELLO * 50 + DONE)
    limits = CaptureLimits(max_decoded_bytes=1000)
    response = side(data, content_type="text/event-stream", encoding="gzip", limits=limits)
    facts, truncated = response.finish()
    assert (facts.usage, truncated) == (None, False)


def test_tokens_are_timed() -> None:
    response = side(content_type="text/event-stream")
    response.feed([b": hi\n\n"], [1.0])
    response.feed([HELLO], [2.0])
    response.feed([HELLO], [2.5])
    response.finish()
    assert response.pace.first_s == 2.0
    assert response.pace.gap_ms(0.5) == pytest.approx(500, rel=0.03)


def test_the_end_mark_may_lack_its_empty_line() -> None:
    _, truncated = side(HELLO, DONE[:-2], content_type="text/event-stream").finish()
    assert not truncated


def test_events_that_cannot_be_read_are_noted() -> None:
    limits = CaptureLimits(max_event_bytes=100)
    chunks = [b"data: {}]\n\n", b"data: " + b"x" * 200 + b"\n\n", DONE]
    response = side(*chunks, content_type="text/event-stream", limits=limits)
    _, truncated = response.finish()
    assert not truncated
    assert response.notes == ["event_too_large", "event_malformed"]


def test_json_that_is_none_is_noted() -> None:
    response = side(b"{", status=502)
    assert response.finish()[0].error is None
    assert response.notes == ["response_not_json"]


def test_other_media_are_kept_and_not_read() -> None:
    response = side(b"\x89PNG", content_type="image/png", encoding="gzip")
    facts, truncated = response.finish()
    assert (facts.model, truncated) == (None, False)
    assert (response.state, response.notes) == ("kept", [])


@pytest.mark.parametrize(
    ("content_type", "text"),
    [
        ("text/plain; charset=utf-8", "no healthy upstream"),
        ("text/html", None),
        ("application/json", None),
    ],
)
def test_the_text_of_an_error(content_type: str, text: str | None) -> None:
    response = side(b" no healthy upstream\n", content_type=content_type, status=503)
    response.finish()
    assert response.error_text() == text


def test_a_long_error_text_is_not_gathered() -> None:
    response = side(b"x" * 65_000, b"y" * 65_000, content_type="text/plain", status=503)
    assert response.error_text() is None


def test_when_reading_has_stopped_bytes_are_counted_on() -> None:
    response = side(HELLO, content_type="text/event-stream")
    response.stop_reading()
    response.feed([HELLO], [6.0])
    facts, truncated = response.finish()
    assert (facts.usage, truncated) == (None, False)
    assert (response.size_bytes, response.is_stream) == (2 * len(HELLO), True)


@pytest.mark.parametrize("chunks", [1, 10, 500])
def test_events_that_are_read_together_keep_their_own_times(chunks: int) -> None:
    """As if each had been read when it came."""
    together, each = side(content_type="text/event-stream"), side(content_type="text/event-stream")
    times_s = [5.0 + 0.1 * number for number in range(chunks)]
    together.feed([HELLO] * chunks, times_s)
    for at_s in times_s:
        each.feed([HELLO], [at_s])
    for response in (together, each):
        response.feed([DONE], [100.0])
    assert together.finish() == each.finish()
    assert together.pace.first_s == each.pace.first_s == 5.0
    assert together.pace.gap_ms(0.5) == each.pace.gap_ms(0.5)


@pytest.mark.parametrize(("items", "size"), [(2, 700_000), (300, 9000), (20_000, 30)])
@pytest.mark.parametrize("step", [4096, 65_536, 10**8])
def test_the_usage_after_a_very_long_answer_is_found(items: int, size: int, step: int) -> None:
    """Of OpenAI's responses: it stands in the last event, behind all that was said."""
    said = {"type": "message", "content": [{"type": "output_text", "text": "x" * size}]}
    usage = {"input_tokens": 11, "output_tokens": 22}
    response = {"model": "m", "output": [said] * items, "usage": usage}
    event = {"type": "response.completed", "response": response}
    stream = b"event: response.completed\ndata: %b\n\n" % orjson.dumps(event)
    head = ResponseHead(200, "text/event-stream", "")
    side = ResponseSide(head, LIMITS, OpenAIResponses(), omit=False)
    for at in range(0, len(stream), step):
        side.feed([stream[at : at + step]], [5.0])
    facts, truncated = side.finish()
    assert (facts.usage, truncated, side.notes) == ({"input": 11, "output": 22}, False, [])
