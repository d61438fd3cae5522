"""What only the handler decides; its ways are walked in tests/e2e/test_relay_*.py."""

from typing import Any

import orjson
import pytest

from app.errors import RelayRefused
from proxy.upstream.memory import MemoryUpstream, Received, Reply
from tests.support.relay import standing


async def test_an_unforeseen_error_is_told_and_recorded(caplog: pytest.LogCaptureFixture) -> None:
    async def answer(received: Received) -> Reply:
        raise ZeroDivisionError("with a secret in it")

    async with standing(client=MemoryUpstream(answer)) as stand:
        async with stand.session.post(f"{stand.url}/up/x", data=b"{}") as got:
            assert got.status == 500
            assert (await got.json())["error"]["code"] == "relay_failed"
        record = await stand.sink.record()
    assert (record.outcome, record.error) == ("upstream_error", "relay_failed: ZeroDivisionError")
    assert "the relay failed" in caplog.text


@pytest.mark.parametrize("value", [b"many", b""])
async def test_a_length_that_is_none(value: bytes) -> None:
    async def answer(received: Received) -> Reply:
        return Reply(200, [(b"Content-Length", value)])

    async with standing(client=MemoryUpstream(answer)) as stand:
        async with stand.session.get(f"{stand.url}/up/x") as got:
            assert got.status == 502
        assert (await stand.sink.record()).outcome == "upstream_error"


async def test_fewer_bytes_than_declared_in_a_clean_end() -> None:
    async def answer(received: Received) -> Reply:
        return Reply(200, [(b"Content-Length", b"5")], [b"ab"])

    async with standing(client=MemoryUpstream(answer)) as stand:
        with pytest.raises(Exception, match=r"(?i)payload"):
            async with stand.session.get(f"{stand.url}/up/x") as got:
                await got.read()
        record = await stand.sink.record()
    assert (record.outcome, record.status) == ("upstream_error", 200)


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer mine"}])
async def test_an_upstreams_own_credentials_give_way_to_the_clients(
    headers: dict[str, str],
) -> None:
    async def answer(received: Received) -> Reply:
        return Reply()

    client = MemoryUpstream(answer)
    async with (
        standing("http://me:it@h:1", client=client) as stand,
        stand.session.get(f"{stand.url}/up/x", headers=headers) as got,
    ):
        assert got.status == 200
    sent = dict(client.received[0].request.headers)
    assert sent[b"Authorization"] == (b"Bearer mine" if headers else b"Basic bWU6aXQ=")


async def test_a_call_of_no_upstream_is_refused_and_counted() -> None:
    async with standing() as stand:
        answer: Any = stand.relay.refuse(RelayRefused(404, "unknown_upstream", "none"))
        assert orjson.loads(answer.body)["error"]["code"] == "unknown_upstream"
        assert answer.headers["tailrace-error"] == "unknown_upstream"
        assert stand.count("unrelayed_total", reason="unknown_upstream") == 1
        assert stand.sink.finished == []


@pytest.mark.parametrize("prefix", ["Tailrace", "Helicone"])
@pytest.mark.parametrize("path", ["/v1/chat", "/openai/v1/chat", "/up/v1/chat"])
async def test_a_call_goes_where_it_wants_with_its_whole_path(prefix: str, path: str) -> None:
    async def answer(received: Received) -> Reply:
        return Reply()

    client = MemoryUpstream(answer)
    headers = {f"{prefix}-Target-Url": "https://api.groq.com/", f"{prefix}-Model-Override": "m-1"}
    async with standing("http://me:it@h:1", client=client, targets="https://api.groq.com") as stand:
        async with stand.session.get(f"{stand.url}{path}?a=1", headers=headers) as got:
            assert got.status == 200
        record = await stand.sink.record()
    [received] = client.received
    assert (received.request.origin, received.request.target) == (
        "https://api.groq.com",
        f"{path}?a=1",
    )
    names = {name.lower() for name, _ in received.request.headers}
    assert not any(
        name.startswith((b"tailrace-", b"helicone-", b"authorization")) for name in names
    )
    assert (record.provider, record.upstream_url) == (
        "api.groq.com",
        f"https://api.groq.com{path}?a=1",
    )


async def test_a_target_that_is_not_allowed_is_refused_and_recorded() -> None:
    async def answer(received: Received) -> Reply:
        return Reply()

    client = MemoryUpstream(answer)
    headers = {"Tailrace-Target-Url": "http://169.254.169.254"}
    async with standing(client=client) as stand:
        async with stand.session.get(f"{stand.url}/up/latest", headers=headers) as got:
            assert got.status == 403
            assert got.headers["tailrace-error"] == "target_not_allowed"
        record = await stand.sink.record()
    assert (record.outcome, client.received) == ("refused", [])


async def test_a_trace_is_taken_up_and_sent_on() -> None:
    async def answer(received: Received) -> Reply:
        return Reply()

    client = MemoryUpstream(answer)
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    headers = {"traceparent": trace, "tracestate": "a=1"}
    async with (
        standing(client=client) as stand,
        stand.session.get(f"{stand.url}/up/x", headers=headers) as got,
    ):
        assert got.status == 200
    sent = dict(client.received[0].request.headers)
    assert (sent[b"traceparent"], sent[b"tracestate"]) == (trace.encode(), b"a=1")
