"""Signing in: the page asks for a key, keeps it where no script reads it, and the tail works."""

from tests.support.browser import opened, require_browser
from tests.support.live import item
from tests.support.served_dashboard import KEY, Dashboard

DEAD = "http://127.0.0.1:9"


async def test_the_page_asks_for_a_key_and_forgets_it_again() -> None:
    require_browser()
    dashboard = Dashboard("required")
    async with dashboard.served() as url, opened(url) as it:
        page = it.page
        await it.goto("#/exchanges")
        assert await it.text("main h1") == "Sign in"
        await page.fill("#key", "tr_nobody's")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=That is not a key in force.")
        await page.fill("#key", KEY.text)
        await page.keyboard.press("Enter")
        await it.until_live()
        assert await it.text("main h1") == "Exchanges"
        assert await page.evaluate("document.cookie") == ""
        stored = "JSON.stringify([{...localStorage}, {...sessionStorage}])"
        assert KEY.text not in await page.evaluate(stored)
        cookies = await page.context.cookies()
        assert [(each["httpOnly"], each["sameSite"], each["path"]) for each in cookies] == [
            (True, "Strict", "/api")
        ]

        dashboard.feed.add(item(1, tenant="another"))
        mine = item(2, tenant="acme", user="<img src=x onerror=alert(1)>")
        dashboard.feed.add(mine)
        await page.wait_for_selector(f'tr[data-id="{mine.request_id}"]')
        assert await page.locator("tbody tr").count() == 1
        assert "<img src=x onerror=alert(1)>" in await it.text("tbody tr")
        assert await page.locator("main img").count() == 0

        await page.click("#signout")
        await page.wait_for_selector("text=This deployment asks for a key.")
        assert await page.context.cookies() == []
        await page.reload()
        await page.wait_for_selector("text=This deployment asks for a key.")


async def test_without_analytics_the_page_says_so_and_the_tail_goes_on() -> None:
    require_browser()
    dashboard = Dashboard()
    async with dashboard.served() as url, opened(url) as it:
        await it.goto("#/overview")
        await it.page.wait_for_selector("text=TAILRACE_ANALYTICS__URL names no engine")
        await it.until_live()
        dashboard.feed.add(item(1))
        await it.page.wait_for_selector("tbody tr[data-id]")


async def test_another_worker_that_is_away_is_named() -> None:
    require_browser()
    async with Dashboard(others=lambda: [DEAD]).served() as url, opened(url) as it:
        await it.goto("#/exchanges")
        await it.page.wait_for_selector(f"text=The worker {DEAD} is away")


async def test_clocks_that_differ_are_said() -> None:
    require_browser()
    async with Dashboard().served() as url, opened(url) as it:
        await it.page.add_init_script("const now = Date.now; Date.now = () => now() + 605000;")
        await it.goto("#/exchanges")
        await it.page.wait_for_selector("text=clock is 10 min")
