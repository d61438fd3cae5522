import io
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import orjson
import pytest
from aiohttp import web

from proxy.mock.server import PREFIX, register_mock
from tests.support.web_server import served

CHAT, MESSAGES = "/v1/chat/completions", "/v1/messages"
BODY = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "hi"}]}
Call = Callable[..., Awaitable[tuple[int, "aiohttp.typedefs.CIMultiDictProxy[str]", bytes]]]


@pytest.fixture
async def call() -> AsyncIterator[Call]:
    web_app = web.Application()
    register_mock(web_app)
    async with (
        served(web_app) as url,
        aiohttp.ClientSession(auto_decompress=False) as session,
    ):

        async def call(method: str, path: str, **kwargs: object) -> tuple[int, object, bytes]:
            async with session.request(method, url + PREFIX + path, **kwargs) as answer:  # type: ignore[arg-type]
                return answer.status, answer.headers, await answer.read()

        yield call  # type: ignore[misc]


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("stream", [False, True])
async def test_equal_calls_get_equal_bytes(call: Call, path: str, stream: bool) -> None:
    first = await call("POST", path, json=BODY | {"stream": stream})
    second = await call("POST", path, json=BODY | {"stream": stream})
    assert first[0] == 200
    assert first[2] == second[2] != b""


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("body", [b"", b"{", b'{"model": 1}'])
async def test_a_bad_request_is_told_as_the_provider_does(
    call: Call, path: str, body: bytes
) -> None:
    status, _, answer = await call("POST", path, data=body)
    assert status == 400
    assert orjson.loads(answer)["error"]["type"] == "invalid_request_error"


async def test_a_bad_script_and_a_bad_key(call: Call) -> None:
    status, _, answer = await call("POST", CHAT, json=BODY, headers={"x-mock-chunks": "x"})
    assert (status, b"x-mock-chunks" in answer) == (400, True)
    for headers in ({"Authorization": "Bearer invalid"}, {"x-api-key": "invalid"}):
        assert (await call("POST", CHAT, json=BODY, headers=headers))[0] == 401


async def test_a_large_request_is_no_problem(call: Call) -> None:
    body = BODY | {"messages": [{"role": "user", "content": "x" * 3_000_000}]}
    _, _, answer = await call("POST", CHAT, data=io.BytesIO(orjson.dumps(body)))
    assert orjson.loads(answer)["usage"]["prompt_tokens"] == 750_000


@pytest.mark.parametrize("stream", [False, True])
async def test_an_encoding_is_named_and_applied(call: Call, stream: bool) -> None:
    headers = {"x-mock-encoding": "gzip"}
    _, got, answer = await call("POST", CHAT, json=BODY | {"stream": stream}, headers=headers)
    assert got["content-encoding"] == "gzip"
    assert answer.startswith(b"\x1f\x8b")


@pytest.mark.parametrize("stream", [False, True])
async def test_a_cut_is_not_a_clean_end(call: Call, stream: bool) -> None:
    with pytest.raises(aiohttp.ClientError):
        await call("POST", CHAT, json=BODY | {"stream": stream}, headers={"x-mock-cut-after": "1"})


async def test_rate_limit(call: Call) -> None:
    status, headers, _ = await call("POST", MESSAGES, json=BODY, headers={"x-mock-status": "429"})
    assert (status, headers["retry-after"]) == (429, "1")
    assert "anthropic-ratelimit-requests-remaining" in headers


async def test_the_smaller_routes(call: Call) -> None:
    status, _, answer = await call("POST", "/v1/messages/count_tokens", json=BODY)
    assert (status, orjson.loads(answer)) == (200, {"input_tokens": 1})
    assert (await call("POST", "/v1/messages/count_tokens", data=b"{"))[0] == 400
    assert orjson.loads((await call("GET", "/v1/models"))[2])["object"] == "list"
    assert (await call("GET", "/v1/models/gpt-4o"))[0] == 200
    assert (await call("GET", "/v1/models/nope"))[0] == 404
    assert (await call("GET", "/v1/nothing"))[0] == 404
