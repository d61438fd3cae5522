"""Headless Chromium for the dashboard's tests: Debian's own, driven by playwright.

Tests skip with a reason where there is no Chromium, unless TAILRACE_REQUIRE_BROWSER is set: then
they fail. Every page that is closed must have asked nobody but its own host, raised nothing, and
broken no rule of its content security policy.
"""

import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Page, ViewportSize, async_playwright

from tests.support.processes import REPO
from tests.support.required import skip_or_fail

NAMES = ("chromium", "chromium-browser", "google-chrome")
AXE = Path(__file__).with_name("axe") / "axe.min.js"
SCREENS = REPO / "build" / "screens"
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 360, "height": 740}
OPTIONS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"]
Theme = Literal["light", "dark"]


def chromium() -> str | None:
    """Where Chromium is; None if it is nowhere."""
    return next((path for name in NAMES if (path := shutil.which(name)) is not None), None)


def missing() -> str | None:
    """Why there can be no browser; None if there can."""
    if find_spec("playwright") is None:
        return "no playwright: pip install 'tailrace[test]'"
    return None if chromium() else "no Chromium: apt-get install chromium"


def require_browser() -> str:
    """Chromium's path, else the test is skipped, or fails where a browser is required."""
    path, reason = chromium(), missing()
    if path is None or reason is not None:
        skip_or_fail(str(reason), "TAILRACE_REQUIRE_BROWSER", named="browser: ")
    return path


@dataclass
class Watched:
    """A page, and what went wrong on it."""

    page: Page
    url: str
    hosts: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Note every request, every exception, and what the console calls an error."""
        self.page.on("request", lambda request: self.hosts.add(urlsplit(request.url).netloc))
        self.page.on("pageerror", lambda error: self.faults.append(f"raised: {error}"))
        self.page.on("console", self._note)

    def _note(self, message: ConsoleMessage) -> None:
        # An answer of 4xx, or none, is no fault of the page; each test says what it expects.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    async def goto(self, hash_: str) -> None:
        """Show a view, as its address does."""
        await self.page.goto(f"{self.url}/{hash_}")
        await self.page.wait_for_selector("main h1")

    async def text(self, selector: str) -> str:
        """The text of the first element."""
        return await self.page.locator(selector).first.inner_text()

    async def until_live(self) -> None:
        """Wait until the live stream is open."""
        await self.page.wait_for_selector("#live.good", timeout=30_000)

    async def serious_faults(self) -> list[str]:
        """What axe finds that keeps somebody from using the page."""
        await self.page.evaluate(AXE.read_text(encoding="utf-8") + ";0")
        found: dict[str, Any] = await self.page.evaluate("axe.run(document)")
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            if each["impact"] in {"serious", "critical"}
            for node in each["nodes"]
        ]

    async def overflow_px(self) -> int:
        """By how much the page is wider than the window."""
        script = "document.documentElement.scrollWidth - window.innerWidth"
        return int(await self.page.evaluate(script))

    async def keep(self, name: str) -> None:
        """A picture under `build/screens/`."""
        SCREENS.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=SCREENS / f"{name}.png", full_page=True)


@asynccontextmanager
async def opened(
    url: str, size: ViewportSize = WIDE, theme: Theme = "light", **options: Any
) -> AsyncIterator[Watched]:
    """A fresh browser with one page, at nothing yet."""
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(executable_path=require_browser(), args=OPTIONS)
        context = await browser.new_context(viewport=size, color_scheme=theme, **options)
        watched = Watched(await context.new_page(), url)
        watched.watch()
        yield watched
        await browser.close()
    assert watched.faults == []
    assert watched.hosts <= {urlsplit(url).netloc}
