"""An aiohttp application on a free port, served as the proxy serves its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from proxy.routes import RUNNER_OPTIONS


@asynccontextmanager
async def served(web_app: web.Application) -> AsyncIterator[str]:
    """Serve the application in this loop; gives its URL."""
    runner = web.AppRunner(web_app, shutdown_timeout=1, **RUNNER_OPTIONS)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
