"""Responses out of bytes: the same however they are cut; what parsers disagree about is refused."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.errors import UpstreamProtocolError
from proxy.upstream.http1.parser import MAX_FIELDS, MAX_HEAD_BYTES, ResponseParser

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = {
    "length": (OK + b"Content-Length: 3\r\nX-a: caf\xe9\r\n\r\nabc", b"abc", True),
    "chunked": (CHUNKED + b"3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: x\r\n\r\n", b"abcde", True),
    "informational first": (
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n"
        + OK
        + b"Content-Length: 1\r\n\r\nx",
        b"x",
        True,
    ),
    "no content": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", b"", True),
    "to be closed": (OK + b"Connection: close\r\nContent-Length: 1\r\n\r\nx", b"x", False),
    "old": (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", b"x", False),
}


def fed(*pieces: bytes, is_head: bool = False) -> ResponseParser:
    parser = ResponseParser()
    parser.begin(is_head=is_head)
    for piece in pieces:
        parser.feed(piece)
    return parser


@pytest.mark.parametrize("name", WHOLE)
def test_cut_at_every_byte(name: str) -> None:
    data, body, reusable = WHOLE[name]
    whole = fed(data)
    for cut in range(1, len(data)):
        parser = fed(data[:cut])
        assert not parser.complete
        parser.feed(data[cut:])
        assert (parser.complete, parser.reusable, parser.surplus) == (True, reusable, False)
        assert (b"".join(parser.body), parser.headers) == (body, whole.headers)
        assert (parser.status, parser.reason) == (whole.status, whole.reason)
    assert fed(*[data[i : i + 1] for i in range(len(data))]).complete


def test_one_after_the_other() -> None:
    parser = ResponseParser()
    for data, body, reusable in WHOLE.values():
        if not reusable:
            continue
        parser.begin(is_head=False)
        parser.feed(data)
        assert (parser.complete, b"".join(parser.body)) == (True, body)


def test_the_answer_to_a_head_ends_with_its_head() -> None:
    parser = fed(OK + b"Content-Length: 3\r\n\r\n", is_head=True)
    assert (parser.complete, parser.reusable, parser.body) == (True, False, [])


def test_a_body_without_an_end_of_its_own_ends_with_the_connection() -> None:
    parser = fed(OK + b"\r\n", b"abc")
    assert not parser.complete
    assert parser.end_of_input()
    assert (b"".join(parser.body), parser.reusable) == (b"abc", False)
    for early in (b"", OK, OK + b"Content-Length: 4\r\n\r\nabc", CHUNKED + b"3\r\nabc\r\n"):
        assert not fed(early).end_of_input()


def test_what_follows_was_not_asked_for() -> None:
    data = WHOLE["length"][0]
    for parser in (fed(data, data), fed(data + data), fed(data + b"garbage")):
        assert (parser.complete, parser.surplus) == (True, True)
        assert (parser.reason, b"".join(parser.body), len(parser.headers)) == (b"OK", b"abc", 2)


REFUSED = [
    OK + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
    OK + b"Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
    OK + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\n",
    OK + b"Content-Length: +3\r\n\r\n",
    OK + b"Content-Length: 3 3\r\n\r\n",
    OK + b"Content-Length: 99999999999999999999\r\n\r\n",
    OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n",
    OK + b"Transfer-Encoding: chunked, gzip\r\n\r\n",
    OK + b"X: a\r\n b\r\n\r\n",
    OK + b"X : a\r\n\r\n",
    b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    CHUNKED + b"fffffffffffffffff\r\n",
    CHUNKED + b"-1\r\n",
    CHUNKED + b"3\nabc\n0\n\n",
    CHUNKED + b"3\r\nabcd\r\n",
    b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n",
    b"HTTP/1.1 101 Switching\r\n\r\n",
    b"I do not speak HTTP\r\n\r\n",
    b"HTTP/2 200 OK\r\n\r\n",
    OK + b"X: " + b"x" * 3 * MAX_HEAD_BYTES,
    OK + b"X: y\r\n" * (MAX_FIELDS + 1) + b"\r\n",
]


@pytest.mark.parametrize("data", REFUSED, ids=range(len(REFUSED)))
def test_what_parsers_disagree_about_is_refused(data: bytes) -> None:
    with pytest.raises(UpstreamProtocolError):
        fed(data)


@given(
    st.lists(st.sampled_from([OK, CHUNKED, b"\r\n", b"3\r\nabc\r\n", b"0\r\n\r\n", b"X: y\r\n"]))
)
@example([OK, b"Content-Length: 5\r\n\r\n", b"abc"])
def test_nothing_else_is_raised_and_no_byte_is_invented(pieces: list[bytes]) -> None:
    parser = ResponseParser()
    try:
        for piece in pieces:
            parser.feed(piece)
    except UpstreamProtocolError:
        return
    assert len(b"".join(parser.body)) <= len(b"".join(pieces))


@given(st.binary(max_size=200))
def test_garbage_is_an_error_of_ours(data: bytes) -> None:
    parser = ResponseParser()
    try:
        parser.feed(data)
        parser.feed(data)
    except UpstreamProtocolError:
        return
    assert not parser.complete
