"""A request's head: exactly what was given, a Host, and a framing that cannot be misread."""

from typing import Any

import pytest

from app.errors import UpstreamProtocolError, UpstreamRefused
from proxy.upstream.http1.request import head_of, origin_of
from proxy.upstream.protocol import UpstreamRequest


async def pieces() -> Any:
    yield b"x"


def request(
    method: str = "POST", target: str = "/", headers: Any = (), body: Any = None
) -> UpstreamRequest:
    return UpstreamRequest(method, "http://h", target, list(headers), body)


def test_bytes_are_sent_as_given() -> None:
    headers = [(b"X-A", b"1"), (b"x-a", b"caf\xe9"), (b"Authorization", b"Bearer x")]
    head = head_of(request("GET", "/a%2F?b=%zz#", headers), b"h:1")
    assert head.data == (
        b"GET /a%2F?b=%zz# HTTP/1.1\r\nHost: h:1\r\nX-A: 1\r\nx-a: caf\xe9\r\n"
        b"Authorization: Bearer x\r\n\r\n"
    )
    assert (head.framing, head.length) == ("none", 0)


@pytest.mark.parametrize(
    ("given", "framing", "line"),
    [
        (request(body=b"abc"), "length", b"Content-Length: 3\r\n"),
        (request(body=b""), "length", b"Content-Length: 0\r\n"),
        (request("DELETE"), "none", b""),
        (request("GET", body=b"abc"), "length", b"Content-Length: 3\r\n"),
        (request(body=pieces()), "chunked", b"Transfer-Encoding: chunked\r\n"),
        (request(headers=[(b"content-length", b"7")], body=pieces()), "length", b""),
        (request(headers=[(b"Content-Length", b"3")], body=b"abc"), "length", b""),
    ],
)
def test_the_framing(given: UpstreamRequest, framing: str, line: bytes) -> None:
    head = head_of(given, b"h")
    assert head.framing == framing
    assert head.data.endswith(line + b"\r\n")
    assert head.data.lower().count(b"content-length") + head.data.count(b"chunked") <= 1


@pytest.mark.parametrize(
    "given",
    [
        request("GET POST"),
        request(""),
        request(target="/a b"),
        request(target="/a\r\nX: y"),
        request(target=""),
        request(headers=[(b"X", b"a\r\nY: b")]),
        request(headers=[(b"X", b"a\nY: b")]),
        request(headers=[(b"X", b"a\0")]),
        request(headers=[(b"X Y", b"a")]),
        request(headers=[(b"X:", b"a")]),
        request(headers=[(b"", b"a")]),
        request(headers=[(b"Content-Length", b"4")], body=b"abc"),
        request(headers=[(b"Content-Length", b"3"), (b"content-length", b"3")], body=b"abc"),
        request(headers=[(b"Content-Length", b"+3")], body=b"abc"),
        request(headers=[(b"Content-Length", b"3, 3")], body=pieces()),
    ],
)
def test_what_could_be_misread_is_not_sent(given: UpstreamRequest) -> None:
    with pytest.raises(UpstreamProtocolError):
        head_of(given, b"h")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("http://h", (False, "h", 80, b"h")),
        ("https://h", (True, "h", 443, b"h")),
        ("https://h:443", (True, "h", 443, b"h")),
        ("http://h:8000", (False, "h", 8000, b"h:8000")),
        ("http://[::1]:8000", (False, "::1", 8000, b"[::1]:8000")),
    ],
)
def test_origins(text: str, parts: tuple[object, ...]) -> None:
    assert tuple(origin_of(text)) == parts


@pytest.mark.parametrize(
    "text", ["", "h", "ftp://h", "http://", "http://h:x", "http://h/p", "http://é"]
)
def test_what_is_no_origin(text: str) -> None:
    with pytest.raises(UpstreamRefused):
        origin_of(text)
