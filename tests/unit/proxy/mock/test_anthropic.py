from typing import Any

import orjson
import pytest

from proxy.mock import anthropic
from proxy.mock.script import Script


def request(**more: Any) -> bytes:
    messages = [{"role": "user", "content": "four"}]
    body = {"model": "claude-sonnet-4-5", "max_tokens": 64, "messages": messages}
    return orjson.dumps(body | more)


def data(event: bytes) -> Any:
    kind, payload = event.removesuffix(b"\n\n").split(b"\n")
    decoded = orjson.loads(payload.removeprefix(b"data: "))
    assert kind == b"event: " + decoded["type"].encode()
    return decoded


def test_an_answer() -> None:
    asked, prose = anthropic.read(request(system="eight888"), Script(chunks=4))
    answer = orjson.loads(anthropic.answer(asked, prose))
    assert answer["content"] == [{"type": "text", "text": prose.text}]
    assert (answer["usage"]["input_tokens"], answer["usage"]["output_tokens"]) == (3, 4)
    assert answer["stop_reason"] == "end_turn"


def test_a_stream_says_the_same_as_the_answer() -> None:
    asked, prose = anthropic.read(request(stream=True, max_tokens=2), Script(chunks=3))
    opening = [data(each) for each in anthropic.opening(asked, prose)]
    words = [data(anthropic.word(asked, prose, index)) for index in range(2)]
    closing = [data(each) for each in anthropic.closing(asked, prose)]
    assert [each["type"] for each in opening] == ["message_start", "content_block_start", "ping"]
    assert opening[0]["message"]["usage"]["input_tokens"] == 1
    assert "".join(each["delta"]["text"] for each in words) == prose.text
    assert [each["type"] for each in closing] == [
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    assert closing[1]["delta"]["stop_reason"] == "max_tokens"
    assert closing[1]["usage"] == {"output_tokens": 2}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"model":"m"}', b'{"messages":[]}'])
def test_a_request_that_is_none(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|model|messages"):
        anthropic.read(body, Script())


@pytest.mark.parametrize(("status", "kind"), [(529, "overloaded_error"), (500, "api_error")])
def test_errors(status: int, kind: str) -> None:
    assert orjson.loads(anthropic.error(status, "no")) == {
        "type": "error",
        "error": {"type": kind, "message": "no"},
    }
    assert data(anthropic.error_event("no"))["error"]["type"] == "overloaded_error"


def test_token_count() -> None:
    assert orjson.loads(anthropic.tokens(request())) == {"input_tokens": 1}


def test_headers_name_the_request() -> None:
    _, prose = anthropic.read(request(), Script())
    assert anthropic.headers(prose)["request-id"] == f"req_{prose.seed[:24]}"
    assert anthropic.headers(None).keys() == anthropic.headers(prose).keys()
