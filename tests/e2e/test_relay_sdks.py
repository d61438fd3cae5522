"""The official SDKs through the relay and direct to the mock: the same bytes, one record each."""

import asyncio
from typing import Any

import anthropic
import openai
import pytest

from proxy.capture.capture import Capture
from tests.support.relay import Stand, standing

MESSAGES: list[Any] = [{"role": "user", "content": "Where does the water go?"}]


def bases(stand: Stand) -> tuple[str, str]:
    """The mock itself, and the mock through the relay."""
    return f"{stand.url}/internal/mock", f"{stand.url}/mock"


@pytest.mark.parametrize("encoding", [None, "gzip", "br", "zstd", "deflate"])
@pytest.mark.parametrize("stream", [False, True])
async def test_openai_async(stream: bool, encoding: str | None) -> None:
    async with standing(new_capture=Capture) as stand:
        bodies = []
        for base in bases(stand):
            async with openai.AsyncOpenAI(api_key="k", base_url=f"{base}/v1") as client:
                options: dict[str, Any] = {"stream": True} if stream else {}
                if stream:
                    options["stream_options"] = {"include_usage": True}
                if encoding:
                    options["extra_headers"] = {"x-mock-encoding": encoding}
                create = client.chat.completions.with_streaming_response.create
                async with create(model="gpt-4o", messages=MESSAGES, **options) as answer:
                    bodies.append(await answer.read())
        record = await stand.sink.record()
    assert bodies[0] == bodies[1] != b""
    assert (record.outcome, record.stream, record.dialect) == ("completed", stream, "openai")
    assert record.usage is not None
    assert (record.usage.input, record.usage.output) == (6, 12)


@pytest.mark.parametrize("stream", [False, True])
async def test_anthropic_async(stream: bool) -> None:
    async with standing(new_capture=Capture) as stand:
        bodies = []
        for base in bases(stand):
            async with anthropic.AsyncAnthropic(api_key="k", base_url=base) as client:
                create = client.messages.with_streaming_response.create
                options: dict[str, Any] = {"stream": True} if stream else {}
                async with create(
                    model="claude-haiku-4-5", max_tokens=64, messages=MESSAGES, **options
                ) as answer:
                    bodies.append(await answer.read())
        record = await stand.sink.record()
    assert bodies[0] == bodies[1] != b""
    assert (record.outcome, record.stream, record.dialect) == ("completed", stream, "anthropic")
    assert record.usage is not None
    assert (record.usage.input, record.usage.output) == (6, 12)


async def test_parsed_streams() -> None:
    async with standing(new_capture=Capture) as stand:
        _, base = bases(stand)
        async with openai.AsyncOpenAI(api_key="k", base_url=f"{base}/v1") as client:
            stream = await client.chat.completions.create(
                model="gpt-4o", messages=MESSAGES, stream=True
            )
            text = "".join([each.choices[0].delta.content or "" async for each in stream])
        async with (
            anthropic.AsyncAnthropic(api_key="k", base_url=base) as other,
            other.messages.stream(
                model="claude-haiku-4-5", max_tokens=64, messages=MESSAGES
            ) as events,
        ):
            message = await events.get_final_message()
        await stand.sink.records(2)
    assert text.endswith("runs on through the")
    assert message.usage.output_tokens == 12


async def test_synchronous_clients() -> None:
    def call(direct: str, relayed: str) -> list[bytes]:
        bodies = []
        for base in (direct, relayed):
            with openai.OpenAI(api_key="k", base_url=f"{base}/v1") as client:
                raw = client.chat.completions.with_raw_response.create(
                    model="gpt-4o", messages=MESSAGES
                )
                bodies.append(raw.content)
            with anthropic.Anthropic(api_key="k", base_url=base) as other:
                answer = other.messages.with_raw_response.create(
                    model="claude-haiku-4-5", max_tokens=64, messages=MESSAGES
                )
                bodies.append(answer.read())
        return bodies

    async with standing(new_capture=Capture) as stand:
        bodies = await asyncio.to_thread(call, *bases(stand))
        await stand.sink.records(2)
    assert bodies[:2] == bodies[2:]


async def test_errors_keep_their_classes_and_retries_are_seen() -> None:
    async with standing(new_capture=Capture) as stand:
        _, base = bases(stand)
        async with openai.AsyncOpenAI(api_key="k", base_url=f"{base}/v1", max_retries=1) as client:
            with pytest.raises(openai.RateLimitError) as caught:
                await client.chat.completions.create(
                    model="gpt-4o", messages=MESSAGES, extra_headers={"x-mock-status": "429"}
                )
        assert caught.value.response.headers["retry-after"] == "1"
        records = await stand.sink.records(2)
    assert [each.status for each in records] == [429, 429]
    assert [each.client_retry_count for each in records] == [0, 1]


async def test_our_errors_are_understood() -> None:
    async with standing(new_capture=Capture) as stand:
        async with openai.AsyncOpenAI(
            api_key="k", base_url=f"{stand.url}/up/v1", max_retries=0
        ) as client:
            with pytest.raises(openai.InternalServerError) as caught:
                await client.models.list()
        assert caught.value.code == "upstream_unreachable"
        async with anthropic.AsyncAnthropic(
            api_key="k", base_url=f"{stand.url}/mock", max_retries=0
        ) as other:
            with pytest.raises(anthropic.BadRequestError) as refused:
                await other.messages.create(
                    model="m",
                    max_tokens=1,
                    messages=MESSAGES,
                    extra_headers={"Tailrace-User-Id": "x" * 300},
                )
        assert refused.value.body["error"]["type"] == "invalid_request_error"  # type: ignore[index]


async def test_a_stream_that_fails_midway() -> None:
    async with standing(new_capture=Capture) as stand:
        _, base = bases(stand)
        async with openai.AsyncOpenAI(api_key="k", base_url=f"{base}/v1") as client:

            async def read(name: str) -> None:
                stream = await client.chat.completions.create(
                    model="gpt-4o", messages=MESSAGES, stream=True, extra_headers={name: "2"}
                )
                async for _ in stream:
                    pass

            with pytest.raises(openai.APIError):
                await read("x-mock-error-after")
            with pytest.raises(Exception, match=r"(?i)incomplete|closed|connection"):
                await read("x-mock-cut-after")
        records = await stand.sink.records(2)
    assert [each.outcome for each in records] == ["upstream_error", "upstream_error"]
