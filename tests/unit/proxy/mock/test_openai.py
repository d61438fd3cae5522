from typing import Any

import orjson
import pytest

from proxy.mock import openai
from proxy.mock.script import Script


def request(**more: Any) -> bytes:
    return orjson.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "hi"}]} | more)


def events(body: bytes, chunks: int = 3) -> list[bytes]:
    asked, prose = openai.read(body, Script(chunks=chunks))
    words = [openai.word(asked, prose, index) for index in range(len(prose.words))]
    return [*openai.opening(asked, prose), *words, *openai.closing(asked, prose)]


def data(event: bytes) -> Any:
    assert event.startswith(b"data: ")
    assert event.endswith(b"\n\n")
    return orjson.loads(event[6:])


def test_an_answer_adds_up() -> None:
    asked, prose = openai.read(request(), Script(chunks=4))
    answer = orjson.loads(openai.answer(asked, prose))
    assert answer["object"] == "chat.completion"
    assert answer["choices"][0]["message"]["content"] == prose.text
    usage = answer["usage"]
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"] == 5


def test_a_stream_says_the_same_as_the_answer() -> None:
    *chunks, done = events(request(stream=True))
    _, prose = openai.read(request(stream=True), Script(chunks=3))
    text = "".join(data(each)["choices"][0]["delta"].get("content", "") for each in chunks)
    assert text == prose.text
    assert done == b"data: [DONE]\n\n"
    assert data(chunks[-1])["choices"][0]["finish_reason"] == "stop"
    assert not any("usage" in data(each) for each in chunks)


def test_a_stream_reports_usage_where_asked() -> None:
    *chunks, last, done = events(request(stream=True, stream_options={"include_usage": True}))
    assert data(last)["choices"] == []
    assert data(last)["usage"]["completion_tokens"] == 3
    assert all(data(each)["usage"] is None for each in chunks)
    assert done == openai.DONE


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
def test_cut_short(name: str) -> None:
    asked, prose = openai.read(request(**{name: 1}), Script(chunks=4))
    assert orjson.loads(openai.answer(asked, prose))["choices"][0]["finish_reason"] == "length"


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"model":"m"}', b'{"messages":[]}'])
def test_a_request_that_is_none(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"JSON|model|messages"):
        openai.read(body, Script())


def test_errors() -> None:
    assert orjson.loads(openai.error(429, "slow"))["error"]["code"] == "rate_limit_exceeded"
    assert data(openai.error_event("no"))["error"]["type"] == "server_error"


def test_models() -> None:
    names = [each["id"] for each in orjson.loads(openai.models())["data"]]
    assert names == list(openai.MODELS)
    assert orjson.loads(openai.model("gpt-4o") or b"")["id"] == "gpt-4o"
    assert openai.model("nope") is None


def test_headers_name_the_request() -> None:
    _, prose = openai.read(request(), Script())
    assert openai.headers(prose)["x-request-id"] == f"req_{prose.seed[:32]}"
    assert openai.headers(None).keys() == openai.headers(prose).keys()
