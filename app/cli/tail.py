"""`tailrace tail`: finished exchanges in the terminal, as they are counted."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from app.embedded.data_dir import DataDir
from app.errors import StartError, Unavailable
from app.live.lines import HEADINGS, EventReader, lines_of
from config import Settings, load_settings

if TYPE_CHECKING:
    import aiohttp

PATH = "/api/v1/live"
AGAIN_S = 2.0
FILTERS = ("user", "model", "status", "outcome")


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("tail", help="print finished exchanges as they are counted")
    parser.add_argument("--url", help="a worker's address; default: the one that runs here")
    parser.add_argument("--key", help="an access key; default: TAILRACE_ACCESS__ADMIN_KEY")
    for name in FILTERS:
        parser.add_argument(f"--{name}", help="only these; several by commas")


def run(arguments: argparse.Namespace) -> int:
    """Print until interrupted. Raises: StartError, if the worker refuses."""
    settings = load_settings()
    url = (arguments.url or running_url(settings)).rstrip("/")
    query = {name: value for name in FILTERS if (value := getattr(arguments, name))}
    admin = settings.access.admin_key
    key = arguments.key or (None if admin is None else admin.get_secret_value())
    headers = {} if key is None else {"Authorization": f"Bearer {key}"}
    print(HEADINGS, flush=True)
    asyncio.run(_print(url, query, headers))
    return 0


def running_url(settings: Settings) -> str:
    """The address of the instance on the data directory, else the one that is configured."""
    try:
        return str(DataDir.at(settings.data_dir).read_instance()["url"])
    except (Unavailable, KeyError):
        return settings.own_url


async def _print(url: str, query: dict[str, str], headers: dict[str, str]) -> None:
    """Go on for ever; a worker that goes away is tried again, from where it was."""
    import aiohttp

    last_id: str | None = None
    async with aiohttp.ClientSession(trust_env=False) as session:
        while True:
            place = {} if last_id is None else {"Last-Event-ID": last_id}
            try:
                async for name, data in _events(session, url, query, headers | place):
                    for line in lines_of(name, data):
                        print(line, flush=True)
                    if name == "exchange":
                        last_id = data["request_id"]
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                print(f"tailrace: {url}: {error}", file=sys.stderr, flush=True)
            await asyncio.sleep(AGAIN_S)


async def _events(
    session: "aiohttp.ClientSession", url: str, query: dict[str, str], headers: dict[str, str]
) -> AsyncIterator[tuple[str, Any]]:
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=60)
    async with session.get(url + PATH, params=query, headers=headers, timeout=timeout) as response:
        if 400 <= response.status < 500:
            text = await response.text()
            raise StartError(f"{url} refuses ({response.status}): {text[:300]}")
        response.raise_for_status()
        reader = EventReader()
        while line := await response.content.readline():
            if (event := reader.feed(line.decode().rstrip("\n"))) is not None:
                yield event
