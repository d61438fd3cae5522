"""Answers of a size that was asked for."""

import orjson
import pytest

from tests.bench.canned_upstream import ASKED, response_of


@pytest.mark.parametrize("size", [1500, 30_000])
def test_a_body_has_so_many_bytes(size: int) -> None:
    head, _, body = response_of(size).partition(b"\r\n\r\n")
    assert len(body) == size
    assert b"Content-Length: %d" % size in head
    assert orjson.loads(body)["choices"][0]["message"]["content"]


def test_what_a_path_asks_for() -> None:
    line = b"POST /v1/chat/completions?bytes=30000&pause_ms=20 HTTP/1.1"
    assert dict(ASKED.findall(line)) == {b"bytes": b"30000", b"pause_ms": b"20"}
    assert not ASKED.findall(b"POST /v1/chat/completions HTTP/1.1")
