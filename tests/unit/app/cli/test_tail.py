"""`tailrace tail` against a server: lines, a refusal, where it looks for one."""

import asyncio
import sys
from pathlib import Path

from aiohttp import web

from app.cli.tail import running_url
from app.embedded.data_dir import DataDir
from app.live.events import event
from config import Settings
from tests.support.answering import answering
from tests.support.live import item
from tests.support.processes import REPO


async def told(
    url: str, *arguments: str, lines: int
) -> tuple[list[str], asyncio.subprocess.Process]:
    """The first lines that the command prints."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "app", "tail", "--url", url, *arguments),
        cwd=REPO,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    found = [(await process.stdout.readline()).decode().rstrip() for _ in range(lines)]
    return found, process


async def test_it_prints_and_goes_on_where_it_was() -> None:
    places: list[str | None] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.query == {"user": "alice,bob"}
        assert request.headers["Authorization"] == "Bearer k"
        places.append(request.headers.get("Last-Event-ID"))
        response = web.StreamResponse()
        await response.prepare(request)
        each = item(len(places))
        await response.write(event("exchange", each.data, each.request_id))
        return response

    async with answering(handler) as url:
        lines, process = await told(url, "--user", "alice,bob", "--key", "k", lines=3)
        process.kill()
        await process.communicate()
    assert lines[0].startswith("time")
    assert all("user-" in line for line in lines[1:])
    assert places[:2] == [None, item(1).request_id]


async def test_a_refusal_is_one_line() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"error": {"code": "unauthorized"}}, status=401)

    async with answering(handler) as url:
        _, process = await told(url, lines=1)
        _, err = await process.communicate()
    assert (process.returncode, err.decode().count("\n")) == (2, 1)
    assert "unauthorized" in err.decode()


def test_where_it_looks(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    assert running_url(settings) == settings.own_url
    DataDir.at(tmp_path).write_instance({"url": "http://127.0.0.1:7000"})
    assert running_url(settings) == "http://127.0.0.1:7000"
