import pytest

from proxy.json_string import string_end


@pytest.mark.parametrize(
    ("chunk", "position", "end"),
    [
        (b'abc"def', 0, 3),
        (b"abc", 0, 3),
        (b"", 0, 0),
        (b'a\\"b"c', 0, 4),
        (b'a\\\\"c', 0, 3),
        (b'\\"\\"', 0, 4),
        (b"abc\\", 0, 3),
        (b"ab\\\\", 0, 4),
        (b'""', 1, 1),
        (b'x"y', 2, 3),
        (b"\\\n" * 3 + b'"', 0, 6),
        (b'"', 2, 1),
    ],
)
def test_where_a_string_ends(chunk: bytes, position: int, end: int) -> None:
    assert string_end(chunk, position) == end
