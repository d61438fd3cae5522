"""The other processes on the port: each answers at a port of its own on loopback."""

import asyncio
from collections.abc import Sequence

import aiohttp

from app.cluster.session import LazySession
from app.cluster.trust import HOP_HEADER
from app.processes.figures import merged
from app.processes.share import LOOPBACK

TIMEOUT_S = 1.0
PATH = "/metrics"


class Siblings:
    """Gathers the metrics of all. A `Part` of the host."""

    def __init__(self, number: int, ports: Sequence[int], timeout_s: float = TIMEOUT_S) -> None:
        """`number` is ours; nothing is connected."""
        self._number = number
        self._ports = list(enumerate(ports))
        timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._session = LazySession(lambda: aiohttp.ClientSession(timeout=timeout, trust_env=False))

    async def start(self) -> None:
        """Nothing to begin."""

    async def stop(self) -> None:
        """Let go of the connections."""
        await self._session.close()

    async def gather(self, own: str) -> str:
        """All metrics as one text; `own` are ours. A process that is slow or gone is named so."""
        others = [(number, port) for number, port in self._ports if number != self._number]
        answers = await asyncio.gather(*(self._ask(port) for _, port in others))
        texts: dict[int, str | None] = {self._number: own}
        texts |= {number: text for (number, _), text in zip(others, answers, strict=True)}
        return await asyncio.to_thread(merged, texts)

    async def _ask(self, port: int) -> str | None:
        url = f"http://{LOOPBACK}:{port}{PATH}"
        try:
            async with self._session.opened().get(url, headers={HOP_HEADER: "1"}) as response:
                return await response.text() if response.status == 200 else None
        except (aiohttp.ClientError, TimeoutError):
            return None
