"""`POST /api/v1/log` on a real socket: sizes, the token, the answer's shape."""

import asyncio
from typing import Any

import aiohttp
import pytest

from app.record.codec import decode_record, encode_record
from proxy.ingest.wire import record_line
from tests.support.finished import finished
from tests.support.ingest import AUTHORIZED, TOKEN, TOPICS, Backend

LINES = b"\n".join(record_line(encode_record(finished(n).record)) for n in range(3))


async def post(
    url: str, data: Any, headers: dict[str, str] | None = None
) -> tuple[int, dict[str, Any], str | None]:
    """Status, JSON and Retry-After."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{url}/api/v1/log", data=data, headers=headers) as reply,
    ):
        return reply.status, await reply.json(), reply.headers.get("Retry-After")


async def test_202_once_durable() -> None:
    """Empty lines are no lines."""
    backend = Backend()
    async with backend.served() as url:
        status, answer, _ = await post(url, LINES, AUTHORIZED)
        assert (status, answer) == (202, {"accepted": 3, "duplicates": 0, "rejected": []})
        status, answer, _ = await post(url, b"\n junk\r\n\n", AUTHORIZED)
    assert status == 202
    assert answer["rejected"][0]["index"] == 0
    assert answer["rejected"][0]["reason"] == "undecodable"
    ids = [decode_record(m.value).request_id for m in backend.outlet.on(TOPICS.exchanges)]
    assert ids == [finished(number).record.request_id for number in range(3)]


async def test_503_if_nothing_is_durable() -> None:
    """In the shape of all our errors."""
    backend = Backend()
    backend.outlet.down = True
    async with backend.served() as url:
        status, answer, retry_after = await post(url, LINES, AUTHORIZED)
    assert (status, answer["error"]["code"], retry_after) == (503, "unavailable", "5")


async def test_a_stranger_is_no_process_of_ours() -> None:
    """No token: taken, under the default tenant."""
    backend = Backend()
    async with backend.served() as url:
        status, answer, _ = await post(url, LINES)
    assert (status, answer["accepted"]) == (202, 3)
    ids = {decode_record(m.value).request_id for m in backend.outlet.on(TOPICS.exchanges)}
    assert ids.isdisjoint({finished(number).record.request_id for number in range(3)})


@pytest.mark.parametrize("token", [TOKEN, None])
async def test_a_wrong_token_is_refused(token: str | None) -> None:
    """A process that is set up wrongly must not count as a stranger."""
    backend = Backend()
    async with backend.served(token) as url:
        status, answer, _ = await post(url, LINES, {"Authorization": "Bearer wrong"})
    assert (status, answer["error"]["code"]) == (401, "unauthorized")
    assert backend.outlet.taken == []


async def test_sizes_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Declared or not."""
    monkeypatch.setattr("proxy.ingest.routes.MAX_REQUEST_BYTES", 100)
    monkeypatch.setattr("proxy.ingest.routes.MAX_LINES", 3)

    async def pieces() -> Any:
        for _ in range(20):
            yield b"x" * 10

    async with Backend().served() as url:
        for data in (b"x" * 101, pieces()):
            status, answer, _ = await post(url, data)
            assert (status, answer["error"]["code"]) == (413, "too_large")
        status, answer, _ = await post(url, b"x\n" * 4)
        assert (status, answer["error"]["code"]) == (413, "too_many_lines")


async def test_a_slow_sender_gives_its_place_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others wait for it."""
    monkeypatch.setattr("proxy.ingest.routes.READ_TIMEOUT_S", 0.01)

    async def never() -> Any:
        yield b"x"
        await asyncio.sleep(0.5)
        yield b"x"

    async with Backend().served() as url:
        status, answer, _ = await post(url, never())
    assert (status, answer["error"]["code"]) == (408, "too_slow")


async def test_compressed_requests_are_refused() -> None:
    async with Backend().served() as url:
        status, answer, _ = await post(url, b"x", {"Content-Encoding": "br"})
    assert (status, answer["error"]["code"]) == (415, "unsupported_encoding")
