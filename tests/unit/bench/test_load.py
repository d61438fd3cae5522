"""When the load takes an answer for whole."""

import pytest

from tests.bench.load import is_whole

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 30000\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("answer", "whole"),
    [
        (PLAIN, False),
        (PLAIN + b'{"a":"b', False),
        (PLAIN + b'{"a":"b"}', True),
        (CHUNKED + b'9\r\n{"a":"b"}', False),
        (CHUNKED + b'9\r\n{"a":"b"}\r\n0\r\n\r\n', True),
    ],
)
def test_an_answer_is_whole_at_its_last_byte(answer: bytes, whole: bool) -> None:
    assert is_whole(answer) is whole
    assert is_whole(bytearray(answer)) is whole
