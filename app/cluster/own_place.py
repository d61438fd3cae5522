"""A worker's place is its own: its directory, and the address by which others reach it.

Two workers with one canonical URL would be one in everybody's map, and each answer for partitions
that it does not hold. So a worker that starts asks its own address first: nobody may answer there
yet.
"""

from pathlib import Path

import aiohttp
import orjson
from aiohttp import web

from app.embedded.data_dir import DataDir, Lock
from app.errors import StartError

PATH = "/internal/instance"
TIMEOUT_S = 1.0
MAX_ANSWER_BYTES = 4096


class OwnPlace:
    """The directory and the address of one worker; `boot_id` is new at each start."""

    def __init__(self, directory: Path, own_url: str, boot_id: str) -> None:
        """Nothing is claimed."""
        self._lock = Lock(DataDir.at(directory))
        self._own_url = own_url
        self._boot_id = boot_id

    def register(self, web_app: web.Application) -> None:
        """Say who we are to whoever asks."""
        web_app.router.add_get(PATH, self._answer)

    async def claim(self) -> None:
        """Take the directory, and make sure that nobody answers in our place.

        Raises: StartError, if another process does either.
        """
        # Locking a local file takes microseconds.
        self._lock.acquire()
        try:
            if await self.whose() is not None:
                raise StartError(
                    f"another process answers at {self._own_url}, the canonical URL of this one:"
                    " set TAILRACE_CANONICAL_URL, or TAILRACE_WEB__PORT, to one of its own"
                )
        except BaseException:
            self._lock.release()
            raise

    async def whose(self) -> str | None:
        """The boot id of the process that answers at our address; None if none of ours does."""
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session,
                session.get(self._own_url + PATH, allow_redirects=False) as response,
            ):
                answer = orjson.loads(await response.content.read(MAX_ANSWER_BYTES))
                return str(answer["boot_id"])
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError, KeyError, TypeError):
            return None

    def release(self) -> None:
        """Give the directory up."""
        self._lock.release()

    async def _answer(self, request: web.Request) -> web.Response:
        del request
        body = orjson.dumps({"boot_id": self._boot_id})
        return web.Response(body=body, content_type="application/json")
