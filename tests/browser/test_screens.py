"""Every page at both widths and in both themes: nothing wider than the window, pictures kept."""

import pytest

from tests.browser.test_pages import called, shown
from tests.support.browser import NARROW, WIDE, Theme
from tests.support.embedded import preferred_ports
from tests.support.processes import Process

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.slow,
    pytest.mark.timeout(240),
    preferred_ports,
]
USERS = ("alice", "bob", "carol", "dave")
MODELS = ("gpt-4o-mini", "gpt-4o", "o3-mini")
THEMES: tuple[Theme, ...] = ("light", "dark")


async def test_the_pages(stack: Process) -> None:
    await stack.until_ready(180)
    for number in range(16):
        request_id = await called(stack, USERS[number % 4], model=MODELS[number % 3])
    views = {
        "overview": "#/overview?window=15m",
        "exchanges": "#/exchanges",
        "exchange": f"#/exchange/{request_id}",
        "users": "#/users",
        "user": "#/user/alice",
        "pipeline": "#/pipeline",
    }
    async with shown(stack, "#/users") as it:
        for name, hash_ in views.items():
            await it.goto(hash_)
            await it.page.wait_for_load_state("networkidle")
            for size in (WIDE, NARROW):
                await it.page.set_viewport_size(size)
                for theme in THEMES:
                    await it.page.emulate_media(color_scheme=theme)
                    await it.page.wait_for_timeout(100)
                    await it.keep(f"{name}-{size['width']}-{theme}")
                    assert await it.overflow_px() <= 0, name
                assert await it.serious_faults() == [], f"{name} at {size['width']}"
