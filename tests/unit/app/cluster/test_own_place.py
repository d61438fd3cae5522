"""A worker's directory and address are its own, or it does not start."""

from pathlib import Path

import pytest
from aiohttp import web

from app.cluster.own_place import OwnPlace
from app.errors import StartError
from tests.support.answering import answering
from tests.support.web_server import served


async def test_a_directory_has_one_worker(tmp_path: Path) -> None:
    first = OwnPlace(tmp_path, "http://127.0.0.1:1", "a")
    await first.claim()
    with pytest.raises(StartError, match="in use by process"):
        await OwnPlace(tmp_path, "http://127.0.0.1:1", "b").claim()
    first.release()
    second = OwnPlace(tmp_path, "http://127.0.0.1:1", "b")
    await second.claim()
    second.release()


async def test_an_address_has_one_worker(tmp_path: Path) -> None:
    """Refused with its directory given up again; the one who serves there hears itself."""
    web_app = web.Application()
    holder = OwnPlace(tmp_path / "a", "", "a")
    holder.register(web_app)
    async with served(web_app) as url:
        first = OwnPlace(tmp_path / "a", url, "a")
        assert await first.whose() == "a"
        other = OwnPlace(tmp_path / "b", url, "b")
        with pytest.raises(StartError, match="TAILRACE_CANONICAL_URL"):
            await other.claim()
        assert await other.whose() == "a"
    await other.claim()
    other.release()


@pytest.mark.parametrize("answer", ["", "[]", "{}", "<html>", '{"boot_id'])
async def test_something_else_at_our_address_is_no_worker(tmp_path: Path, answer: str) -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.Response(text=answer)

    async with answering(handler) as url:
        place = OwnPlace(tmp_path, url, "a")
        await place.claim()
        assert await place.whose() is None
        place.release()
