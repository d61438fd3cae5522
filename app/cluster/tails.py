"""The live tails of the other workers, for one client: opened, cut into events, opened again.

A worker that goes away is said in an event, and tried again until the client leaves.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import orjson

from app.cluster.trust import credentials
from app.live.events import EventCutter, event
from app.tasks import spawn

logger = logging.getLogger(__name__)
PATH = "/internal/live"
CONNECT_TIMEOUT_S = 2.0
SILENCE_TIMEOUT_S = 45.0
LOOK_AGAIN_S = 2.0
Write = Callable[[bytes], Awaitable[None]]


class PeerTails:
    """Keeps one stream open to every other worker there is, until cancelled."""

    def __init__(
        self,
        others: Callable[[], list[str]],
        token: str | None,
        session: aiohttp.ClientSession,
    ) -> None:
        """`others` answers the URLs of the other workers, as they are now."""
        self._others = others
        self._token = token
        self._session = session

    async def run(self, query: Mapping[str, str], write: Write) -> None:
        """Write the events of all of them, as they come."""
        streams: dict[str, asyncio.Task[None]] = {}
        try:
            while True:
                urls = set(self._others())
                for url in urls - streams.keys():
                    streams[url] = spawn(self._follow(url, query, write), name="peer-tail")
                for url in streams.keys() - urls:
                    streams.pop(url).cancel()
                await asyncio.sleep(LOOK_AGAIN_S)
        finally:
            for task in streams.values():
                task.cancel()
            if streams:
                await asyncio.wait(streams.values())

    async def _follow(self, url: str, query: Mapping[str, str], write: Write) -> None:
        """One worker's events; when it breaks off, again after a while."""
        while True:
            reason = await self._once(url, query, write)
            logger.info("the live tail of %s broke off: %s", url, reason)
            await write(event("worker_away", orjson.dumps({"worker": url})))
            await asyncio.sleep(LOOK_AGAIN_S)

    async def _once(self, url: str, query: Mapping[str, str], write: Write) -> str:
        """Until it breaks off; why it did."""
        cutter = EventCutter()
        timeout = aiohttp.ClientTimeout(
            total=None, sock_connect=CONNECT_TIMEOUT_S, sock_read=SILENCE_TIMEOUT_S
        )
        try:
            async with self._session.get(
                url + PATH,
                params=query,
                headers=credentials(self._token),
                timeout=timeout,
                allow_redirects=False,
            ) as response:
                if response.status != 200:
                    return f"status {response.status}"
                pieces = response.content.iter_any()
                while (piece := await anext(pieces, None)) is not None:
                    if whole := cutter.feed(piece):
                        await write(whole)
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as exc:
            return str(exc) or type(exc).__name__
        return "it ended"
