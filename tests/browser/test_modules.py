"""The page's pure modules, in the browser that runs them: conversations, prices, numbers."""

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from tests.support.browser import opened, require_browser
from tests.support.served_dashboard import Dashboard

Call = Callable[..., Any]


@asynccontextmanager
async def module(name: str) -> AsyncIterator[Call]:
    """Calls a function of a module with JSON."""
    require_browser()
    async with Dashboard().served() as url, opened(url) as it:
        await it.goto("#/nowhere")

        async def call(function: str, *arguments: Any) -> Any:
            script = f"async (given) => (await import('/static/{name}.js')).{function}(...given)"
            return await it.page.evaluate(script, list(arguments))

        yield call


def said(messages: Any) -> Any:
    """Role, and kind and text of each part."""
    return [(each["role"], *((p["kind"], p["text"]) for p in each["parts"])) for each in messages]


def events(*data: Any) -> str:
    """A stream of events."""
    return "".join(f"event: x\ndata: {json.dumps(each)}\n\n" for each in data) + "data: [DONE]\n\n"


async def test_requests_of_the_known_apis() -> None:
    async with module("conversation") as call:
        chat = {
            "messages": [
                {"role": "system", "content": "Be short."},
                {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image"}]},
                {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [{"function": {"name": "f", "arguments": '{"a":1}'}}],
                },
            ]
        }
        assert said(await call("ofRequest", json.dumps(chat))) == [
            ("system", ("text", "Be short.")),
            ("user", ("text", "hi"), ("other", "[image]")),
            ("assistant", ("tool", 'f({"a":1})')),
        ]
        messages = {"system": "S", "messages": [{"role": "user", "content": "hi"}]}
        assert said(await call("ofRequest", json.dumps(messages)))[0] == ("system", ("text", "S"))
        responses = {"instructions": "S", "input": "hi"}
        assert len(await call("ofRequest", json.dumps(responses))) == 2
        gemini = {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]}
        assert said(await call("ofRequest", json.dumps(gemini))) == [("user", ("text", "hi"))]


async def test_answers_whole_and_as_streams() -> None:
    async with module("conversation") as call:
        chat = {"choices": [{"message": {"role": "assistant", "content": "yes"}}]}
        assert said(await call("ofResponse", json.dumps(chat))) == [("assistant", ("text", "yes"))]
        error = {"error": {"message": "too many", "type": "rate_limit"}}
        assert said(await call("ofResponse", json.dumps(error))) == [
            ("error", ("text", "too many"))
        ]
        deltas = [{"choices": [{"index": 0, "delta": {"content": each}}]} for each in ("a", "b")]
        assert said(await call("ofResponse", events(*deltas))) == [("assistant", ("text", "ab"))]
        anthropic = [
            {"type": "content_block_delta", "index": 0, "delta": {"thinking": "hm"}},
            {"type": "content_block_delta", "index": 1, "delta": {"text": "yes"}},
        ]
        answer = said(await call("ofResponse", events(*anthropic)))
        assert answer == [("assistant", ("thinking", "hm"), ("text", "yes"))]
        responses = [{"type": "response.output_text.delta", "output_index": 0, "delta": "ok"}]
        assert said(await call("ofResponse", events(*responses))) == [("assistant", ("text", "ok"))]
        cut = events(*deltas)[:-40]
        assert said(await call("ofResponse", cut))[0][1][1].startswith("a")


async def test_anything_else_is_no_conversation() -> None:
    odd = [
        "",
        "{",
        "null",
        "[]",
        "5",
        '"x"',
        '{"messages": 7}',
        '{"choices": {}}',
        "data: {",
        "\x00",
    ]
    odd += ['{"messages": [null, 1, "x", {}]}', '{"choices": [null]}', 'data: {"choices": [null]}']
    odd += ['{"candidates": [null]}', '{"output": [null]}', '{"input": [null]}', '[{"a": 1}]']
    async with module("conversation") as call:
        for text in odd:
            for function in ("ofRequest", "ofResponse"):
                found = await call(function, text)
                assert found is None or all(isinstance(each["role"], str) for each in found), text


async def test_the_kinds_add_up_to_the_cost() -> None:
    usage = {"input": 100, "output": 50, "cache_read": 40, "cache_write": 10, "reasoning": 20}
    prices = {"input": "2", "output": "8", "cache_read": "0.5", "cache_write": "2.5"}
    async with module("pricing") as call:
        rows = {each["kind"]: each for each in await call("costs", usage, prices)}
        assert rows["input"]["tokens"] == 50
        assert rows["reasoning"]["nanoUsd"] is None
        total = sum(each["nanoUsd"] or 0 for each in rows.values())
        assert total == (50 * 2 + 50 * 8 + 40 * 0.5 + 10 * 2.5) * 1000
        assert await call("costs", None, None) == []


async def test_numbers_as_people_read_them() -> None:
    async with module("format") as call:
        for function, value, shown in (
            ("count", 9999, "9,999"),
            ("count", 12_345_678, "12.3M"),
            ("count", None, "–"),
            ("cost", 0, "$0.00"),
            ("cost", 29_000, "$0.0000290"),
            ("cost", 1_234_567_890, "$1.23"),
            ("cost", None, "–"),
            ("millis", 0.5, "0.50 ms"),
            ("millis", 999.9, "1.00 s"),
            ("seconds", 599.6, "10 min 0 s"),
            ("seconds", 3599.9, "1 h 0 min"),
            ("seconds", -90, "-1 min 30 s"),
            ("bytes", 5_242_880, "5.24 MB"),
        ):
            assert await call(function, value) == shown, (function, value)
