"""Every page of the dashboard, with calls that the official SDKs make through `tailrace up`."""

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import openai
import pytest
from aiohttp import web
from playwright.async_api import Route

from tests.support.browser import Watched, opened
from tests.support.embedded import preferred_ports
from tests.support.hooks import Hooks, receiving
from tests.support.processes import Process

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    preferred_ports,
]
CALLS = 5
VISIBLE_S = 1.0


async def called(stack: Process, user: str, **options: Any) -> str:
    """A call by the SDK; its request id."""
    async with openai.AsyncOpenAI(api_key="k", base_url=f"{stack.url}/mock/v1") as client:
        raw = client.chat.completions.with_raw_response
        answer = await raw.create(
            model=options.pop("model", "gpt-4o-mini"),
            messages=[{"role": "user", "content": options.pop("content", "Where does it go?")}],
            extra_headers={"Tailrace-User-Id": user},
            **options,
        )
        return answer.headers["tailrace-request-id"]


@asynccontextmanager
async def shown(stack: Process, hash_: str, **options: Any) -> AsyncIterator[Watched]:
    """A view of the running stack, once it is live."""
    await stack.until_ready(180)
    async with opened(stack.url, **options) as it:
        await it.goto(hash_)
        await it.until_live()
        yield it


async def test_a_call_appears_within_a_second_and_the_numbers_follow(stack: Process) -> None:
    async with shown(stack, "#/overview") as it:
        waits_s = []
        for _ in range(CALLS):
            request_id = await called(stack, "overview-user")
            answered_s = time.monotonic()
            await it.page.wait_for_selector(f'tr[data-id="{request_id}"]')
            waits_s.append(time.monotonic() - answered_s)
        assert statistics.median(waits_s) < VISIBLE_S
        tile = it.page.locator('[data-tile="requests"] .value')
        await it.page.wait_for_function(
            "() => Number(document.querySelector('[data-tile=requests] .value').textContent) >= 5"
        )
        assert int(await tile.inner_text()) >= CALLS
        await it.page.wait_for_selector('a[href="#/user/overview-user"]')
        await it.page.wait_for_selector(".uplot canvas")
        assert await it.serious_faults() == []


async def test_a_list_says_that_it_is_empty_once_analytics_answered(stack: Process) -> None:
    await stack.until_ready(180)
    async with opened(stack.url) as it:
        held: asyncio.Queue[Route] = asyncio.Queue()
        await it.page.route("**/api/v1/exchanges?*", held.put)
        await it.goto("#/user/nobody-at-all")
        first = await held.get()
        await it.page.wait_for_selector("text=Nothing of this user has been counted")
        empty = it.page.locator("text=No exchanges yet.")
        assert not await empty.is_visible()
        await first.continue_()
        await empty.wait_for(state="visible")
        await it.page.unroute_all(behavior="ignoreErrors")


async def test_filters_stay_in_the_address_and_hold_for_what_comes_live(stack: Process) -> None:
    async with shown(stack, "#/exchanges") as it:
        page = it.page
        wanted = await called(stack, "filter-user", model="gpt-4o")
        await called(stack, "filter-other", model="gpt-4o")
        await page.wait_for_selector(f'tr[data-id="{wanted}"]')
        await page.fill("#filter-user", "filter-user")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/#/exchanges?user=filter-user")
        await page.select_option("#filter-outcome", "completed")
        await page.wait_for_url("**/#/exchanges?user=filter-user&outcome=completed")
        await page.wait_for_selector(f'tr[data-id="{wanted}"]')
        address = page.url
        another = await called(stack, "filter-other")
        live = await called(stack, "filter-user")
        await page.wait_for_selector(f'tr[data-id="{live}"]')
        assert await page.locator("tbody tr").count() == 2
        assert await page.locator(f'tr[data-id="{another}"]').count() == 0
        assert await it.serious_faults() == []
    async with shown(stack, address.partition("/")[2].partition("/")[2].partition("/")[2]) as it:
        for each in (wanted, live):
            await it.page.wait_for_selector(f'tr[data-id="{each}"]')
        assert await it.page.locator("tbody tr").count() == 2
        assert await it.page.input_value("#filter-outcome") == "completed"
        await it.page.click("text=Clear filters")
        await it.page.wait_for_selector(f'tr[data-id="{another}"]')


async def test_one_exchange_by_the_keyboard(stack: Process) -> None:
    async with shown(stack, "#/exchanges?user=one-user") as it:
        page = it.page
        request_id = await called(stack, "one-user", content="Say <b>hello</b> 🌊 مرحبا")
        await page.wait_for_selector(f'tr[data-id="{request_id}"]')
        await page.focus(f'tr[data-id="{request_id}"] a.when')
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"**/#/exchange/{request_id}")
        await page.wait_for_selector('[data-side="request"] .said.user')
        assert "Say <b>hello</b> 🌊 مرحبا" in await it.text('[data-side="request"] .said.user')
        assert await page.locator("main b").count() == 0
        await page.wait_for_selector('[data-side="response"] .said')
        await page.wait_for_selector("text=Visible")
        steps = await page.locator('[aria-label="Timings of the call"] .step').all_inner_texts()
        assert [each.split("\n")[0] for each in steps] == [
            "Sent upstream",
            "Upstream headers",
            "First byte",
            "Last byte",
        ]
        kinds = page.locator('[aria-label="Cost by kind of token"] tbody tr')
        rows = await kinds.all_inner_texts()
        assert [row.split()[0] for row in rows] == ["Input", "Output"]
        assert "$" in rows[0]
        await page.locator('[data-side="request"] button', has_text="Raw").click()
        assert '"messages"' in await it.text('[data-side="request"] pre')
        assert await it.serious_faults() == []


async def test_the_deliveries_of_an_exchange(stack: Process) -> None:
    """One that the endpoint took at the second attempt."""
    await stack.until_ready(180)
    answers = iter([500])

    async def second_time_lucky(request: web.Request) -> web.Response:
        return web.Response(status=next(answers, 204))

    async with receiving(second_time_lucky) as receiver:
        await Hooks(stack).create(receiver.url, filters={"users": ["hooked"]})
        request_id = await called(stack, "hooked")
        await receiver.until(1)
        async with shown(stack, f"#/exchange/{request_id}") as it:
            table = it.page.locator('[aria-label="Webhook deliveries"]')
            await table.locator(".good").wait_for(timeout=60_000)
            rows = table.locator("tbody tr")
            texts = await rows.all_inner_texts()
            assert [("500" in each, "204" in each) for each in texts] in (
                [(True, False), (False, True)],
                [(False, True), (True, False)],
            )
            assert await it.serious_faults() == []


async def test_a_user_from_the_list(stack: Process) -> None:
    user = "a/user?&#% <b>"
    request_id = await called(stack, user)
    async with shown(stack, "#/users") as it:
        page = it.page
        await page.locator("tbody a", has_text="a/user").click()
        await page.wait_for_selector(f'tr[data-id="{request_id}"]')
        assert await it.text("main h1") == user
        before = int(await it.text('[data-tile="Requests"] .value'))
        again = await called(stack, user)
        await page.wait_for_selector(f'tr[data-id="{again}"]')
        await page.wait_for_function(
            "(n) => document.querySelector('[data-tile=Requests] .value').textContent === n",
            arg=str(before + 1),
        )
        assert await it.serious_faults() == []


async def test_the_pipeline(stack: Process) -> None:
    async with shown(stack, "#/pipeline") as it:
        page = it.page
        await page.wait_for_selector("text=1 of 1")
        topics = await it.text('[aria-label="Lag and age by topic"]')
        assert {"exchanges", "bodies", "facts"} <= set(topics.split())
        assert "running" in await it.text('[aria-label="Workers and their partitions"]')
        assert {"archive", "analytics"} <= set((await it.text('[aria-label="Sinks"]')).split())
        assert await it.serious_faults() == []


async def test_the_theme_is_kept_and_the_skip_link_works(stack: Process) -> None:
    async with shown(stack, "#/overview", theme="dark") as it:
        page = it.page
        background = "getComputedStyle(document.body).backgroundColor"
        dark = await page.evaluate(background)
        await page.click("#theme")
        light = await page.evaluate(background)
        assert dark != light
        await page.reload()
        assert await page.evaluate(background) == light
        await it.until_live()
        await page.keyboard.press("Tab")
        await page.keyboard.press("Enter")
        assert await page.evaluate("document.activeElement.id") == "content"


async def test_an_address_that_is_none(stack: Process) -> None:
    async with shown(stack, "#/nowhere") as it:
        assert await it.text("main h1") == "There is no such page"
        await it.goto("#/exchange/no-such-id")
        await it.page.wait_for_selector("text=No such exchange, yet")
        await it.goto("#/user/%E0%A4%A")
        await it.page.wait_for_selector("text=Nothing of this user has been counted")
