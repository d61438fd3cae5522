"""The worker goes away while the page is open: the page says so, and comes back by itself."""

import pytest

from tests.browser.test_pages import called, shown
from tests.support.embedded import preferred_ports
from tests.support.processes import Process

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.slow,
    pytest.mark.timeout(300),
    preferred_ports,
]


async def test_a_page_outlives_the_worker(stack: Process) -> None:
    async with shown(stack, "#/exchanges?user=restart-user") as it:
        page = it.page
        before = await called(stack, "restart-user")
        await page.wait_for_selector(f'tr[data-id="{before}"]')
        stack.stop()
        await page.wait_for_selector("text=The connection to the worker is lost. Reconnecting")
        assert await it.text("#live") == "reconnecting"
        assert await page.locator(f'tr[data-id="{before}"]').count() == 1
        stack.start()
        await stack.until_ready(180)
        await it.until_live()
        await page.wait_for_selector("#notice", state="hidden")
        after = await called(stack, "restart-user")
        await page.wait_for_selector(f'tr[data-id="{after}"]')
        await page.wait_for_selector(f'tr[data-id="{before}"]')
