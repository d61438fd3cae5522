"""Bodies that nobody would wish for: markup, 5 MB, binary, right to left, without usage."""

import io
import json
from typing import Any

import aiohttp
import pytest

from tests.browser.test_pages import called, shown
from tests.support.browser import NARROW
from tests.support.embedded import preferred_ports
from tests.support.processes import Process

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    preferred_ports,
]
MARKUP = '<script>document.title="run"</script><img src=x onerror="document.title=1"><a href="//e">'
RTL = "مرحبا بالعالم 🌊 שלום \u202eevil\u202c"
MANY_BYTES = 5 << 20


async def posted(stack: Process, path: str, body: bytes, **headers: str) -> str:
    """A call with any body; its request id."""
    async with (
        aiohttp.ClientSession() as session,
        session.post(stack.url + path, data=io.BytesIO(body), headers=headers) as answer,
    ):
        await answer.read()
        return answer.headers["tailrace-request-id"]


def chat(content: Any) -> bytes:
    """A chat completion's body."""
    return json.dumps(
        {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": content}]}
    ).encode()


async def test_markup_is_text_and_scripts_do_not_run(stack: Process) -> None:
    await stack.until_ready(180)
    request_id = await called(stack, "markup", content=MARKUP + RTL)
    async with shown(stack, f"#/exchange/{request_id}") as it:
        page = it.page
        await page.wait_for_selector('[data-side="request"] .said.user')
        assert MARKUP in await it.text('[data-side="request"] .said.user')
        assert RTL in await it.text('[data-side="request"] .said.user')
        assert await page.locator("main script, main img, main a[href='//e']").count() == 0
        await page.locator('[data-side="request"] button', has_text="Raw").click()
        assert "onerror" in await it.text('[data-side="request"] pre')
        assert await page.locator("main script, main img").count() == 0
        assert (await page.title()).startswith("Exchange ")


async def test_megabytes_are_shown_bounded(stack: Process) -> None:
    await stack.until_ready(180)
    request_id = await posted(
        stack,
        "/mock/v1/chat/completions",
        chat("x" * MANY_BYTES),
        **{"Content-Type": "application/json"},
    )
    async with shown(stack, f"#/exchange/{request_id}", size=NARROW) as it:
        await it.page.wait_for_selector("text=Only the first 524 KB are shown")
        characters = await it.page.evaluate("document.body.textContent.length")
        assert characters < 700_000
        assert await it.overflow_px() <= 0


async def test_bytes_that_are_no_text_and_an_api_that_is_not_known(stack: Process) -> None:
    await stack.until_ready(180)
    request_id = await posted(
        stack,
        "/mock/v1/anything",
        bytes(range(256)) * 40,
        **{"Content-Type": "application/octet-stream", "Tailrace-User-Id": "odd"},
    )
    async with shown(stack, f"#/exchange/{request_id}") as it:
        page = it.page
        await page.wait_for_selector("text=Binary, 10.2 KB: download it.")
        await page.wait_for_selector("text=The upstream reported no usage.")
        assert "–" in await it.text("text=Total")
        async with page.expect_download() as started:
            await page.locator('[data-side="request"] a', has_text="Download").click()
        path = await (await started.value).path()
        assert path.read_bytes() == bytes(range(256)) * 40
        await it.goto("#/user/odd")
        await page.wait_for_selector(f'tr[data-id="{request_id}"]')
        assert await it.serious_faults() == []


async def test_a_body_that_was_to_be_left_out(stack: Process) -> None:
    await stack.until_ready(180)
    request_id = await posted(
        stack,
        "/mock/v1/chat/completions",
        chat("secret"),
        **{"Content-Type": "application/json", "Tailrace-Omit-Request": "true"},
    )
    async with shown(stack, f"#/exchange/{request_id}") as it:
        await it.page.wait_for_selector("text=The caller asked to leave this body out.")
        await it.page.wait_for_selector('[data-side="response"] .said')
        assert "secret" not in await it.text("main")
