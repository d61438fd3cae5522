import json

import pytest

from proxy.capture.json_body import WHOLE_BYTES, JsonBody

LARGE = {"model": "m", "input": "some words " * 50_000, "stream": True}


def fed(data: bytes, step: int, limit: int = 1 << 30) -> JsonBody:
    body = JsonBody(limit)
    for at in range(0, len(data), step):
        body.add(data[at : at + step])
    return body


@pytest.mark.parametrize("step", [1, 5, 100])
def test_a_small_one_is_parsed_whole(step: int) -> None:
    body = fed(b'{"a": [1, "b"]}', step)
    assert body.document() == {"a": [1, "b"]}
    assert (body.long_text_bytes, body.outgrown, body.is_empty) == (0, False, False)


def test_none_came() -> None:
    body = JsonBody(10)
    assert body.is_empty
    assert not body.outgrown


@pytest.mark.parametrize("step", [1000, 65_536, WHOLE_BYTES + 1, 10**7])
def test_a_large_one_is_reduced(step: int) -> None:
    body = fed(json.dumps(LARGE).encode(), step)
    assert body.document() == {"model": "m", "input": "", "stream": True}
    assert body.long_text_bytes == len(LARGE["input"])


def test_one_over_the_limit_is_let_go() -> None:
    body = fed(json.dumps(LARGE).encode(), 1000, limit=400_000)
    assert body.outgrown
    assert not body._chunks
    assert body.long_text_bytes == 0


@pytest.mark.parametrize("data", [b"{", b"\xff", b"x" * (WHOLE_BYTES + 9)])
def test_what_is_no_json_is_none(data: bytes) -> None:
    assert fed(data, 1000).document() is None
