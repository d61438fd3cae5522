"""Asking for usage, and taking out what comes of it."""

import orjson
import pytest

from proxy.relay.headers import RequestHead
from proxy.relay.usage_option import (
    MAX_BODY_BYTES,
    MAX_EVENT_BYTES,
    UsageFilter,
    is_extra,
    may_be_asked,
    rewritten,
    with_usage,
)

TEXT = b'data: {"choices":[{"delta":{"content":"a \\"usage\\""}}],"usage":null}'
EXTRA = b'data: {"id":"c","choices":[],"usage":{"prompt_tokens":5,"completion_tokens":7}}'
FIRST = b'data: {"choices":[],"prompt_filter_results":[]}'
DONE = b"data: [DONE]"


def head(*pairs: tuple[bytes, bytes], coded: bytes = b"", waits: bool = False) -> RequestHead:
    made = RequestHead()
    made.passed.extend(pairs)
    made.content_encoding, made.expects_continue = coded, waits
    return made


def of_length(length: bytes) -> RequestHead:
    return head((b"Content-Length", length))


@pytest.mark.parametrize(
    ("method", "path", "given", "may"),
    [
        ("POST", "/v1/chat/completions", of_length(b"10"), True),
        ("POST", "/v1/completions", of_length(b"%d" % MAX_BODY_BYTES), True),
        ("POST", "/openai/deployments/x/chat/completions", of_length(b"10"), True),
        ("GET", "/v1/chat/completions", of_length(b"10"), False),
        ("POST", "/v1/embeddings", of_length(b"10"), False),
        ("POST", "/v1/chat/completions", of_length(b"%d" % (MAX_BODY_BYTES + 1)), False),
        ("POST", "/v1/chat/completions", of_length(b"0"), False),
        ("POST", "/v1/chat/completions", of_length(b"x"), False),
        ("POST", "/v1/chat/completions", head(), False),
        (
            "POST",
            "/v1/chat/completions",
            head((b"content-length", b"10"), coded=b"gzip"),
            False,
        ),
        ("POST", "/v1/chat/completions", head((b"content-length", b"10"), waits=True), False),
    ],
)
def test_which_calls_are_looked_at(method: str, path: str, given: RequestHead, may: bool) -> None:
    assert may_be_asked(method, path, given) is may


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b'{"stream": false}',
        b'{"stream": "true"}',
        b'{"model": "m"}',
        b'{"stream": true, "stream_options": {"include_usage": false}}',
        b'{"stream": true, "stream_options": {"include_usage": true}}',
        b'{"stream": true, "stream_options": {"include_usage": null}}',
        b'{"stream": true, "stream_options": 7}',
        b'{"stream": true, "stream_options": false}',
    ],
)
def test_what_is_said_or_no_stream_is_left_alone(body: bytes) -> None:
    assert with_usage(body) is None


def test_the_option_is_added_and_every_byte_of_the_clients_stays() -> None:
    body = b' { "stream" : true, "n": 1.10, "x": "}" } \n'
    asking = with_usage(body)
    assert asking is not None
    assert asking.startswith(b' { "stream" : true, "n": 1.10, "x": "}" ')
    assert orjson.loads(asking)["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("options", [b"null", b"{}", b'{"include_obfuscation": false}'])
def test_a_body_with_options_is_never_written_anew(options: bytes) -> None:
    assert with_usage(b'{"stream": true, "stream_options": %b}' % options) is None


def test_the_fields_of_another_body() -> None:
    given = head(
        (b"Authorization", b"k"), (b"Content-Length", b"3"), (b"accept-encoding", b"gzip, br")
    )
    assert rewritten(given, b"12345") == [
        (b"Authorization", b"k"),
        (b"Content-Length", b"5"),
        (b"Accept-Encoding", b"identity"),
    ]


@pytest.mark.parametrize("end", [b"\n\n", b"\r\n\r\n", b"\r\r", b"\n\r\n", b"\r\n\n", b"\n\r"])
def test_the_extra_chunk_is_taken_out_however_the_stream_is_cut(end: bytes) -> None:
    stream = end.join([FIRST, b": comment", TEXT, EXTRA, DONE, b""])
    wanted = end.join([FIRST, b": comment", TEXT.replace(b',"usage":null', b""), DONE, b""])
    for size in range(1, len(stream) + 1):
        extra = UsageFilter()
        pieces = [stream[at : at + size] for at in range(0, len(stream), size)]
        assert b"".join(extra.feed(piece) for piece in pieces) + extra.end() == wanted


def test_a_stream_without_its_end_loses_nothing() -> None:
    extra = UsageFilter()
    assert extra.feed(FIRST + b"\n\n" + EXTRA) == FIRST + b"\n\n"
    assert extra.end() == EXTRA
    assert extra.end() == b""


def test_an_event_without_end_is_not_gathered() -> None:
    extra = UsageFilter()
    sent = b"data: " + b"x" * (2 * MAX_EVENT_BYTES)
    pieces = [sent[at : at + 65_536] for at in range(0, len(sent), 65_536)]
    fed = longest = 0
    passed = b""
    for piece in pieces:
        passed += extra.feed(piece)
        fed += len(piece)
        longest = max(longest, fed - len(passed))
    assert passed + extra.end() == sent
    assert longest <= MAX_EVENT_BYTES


@pytest.mark.parametrize(
    "event",
    [
        TEXT,
        FIRST,
        DONE,
        b'data: {"choices":[],"usage":null}',
        b'data: {"choices":"usage',
        b'data: ["choices","usage"]',
        b'event: x\ndata: {"choices":[{}],"usage":{}}',
    ],
)
def test_what_is_no_extra_chunk(event: bytes) -> None:
    assert not is_extra(event + b"\n\n")


def test_an_extra_chunk_over_several_lines() -> None:
    assert is_extra(b'id: 1\ndata: {"choices": [],\ndata: "usage": {"total_tokens": 1}}\n\n')
