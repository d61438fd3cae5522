"""The dashboard's files: served whole, small, strict, and nothing from elsewhere."""

import re

import aiohttp
import pytest
from aiohttp import web

from app.dashboard.files import PAGE, POLICY, PREFIX, DashboardFiles, File, packaged
from tests.support.web_server import served

MAX_FIRST_LOAD_BYTES = 300_000
MAX_MODULE_LINES = 300
HELD = packaged()
LINKS = re.compile(r'(?:src|href)="(/static/[^"]+)"')
IMPORTS = re.compile(r'^import .*? from "([^"]+)";', re.MULTILINE | re.DOTALL)


async def got(path: str, **headers: str) -> tuple[int, "aiohttp.typedefs.LooseHeaders", bytes]:
    web_app = web.Application()
    DashboardFiles().register(web_app)
    async with (
        served(web_app) as url,
        aiohttp.ClientSession() as session,
        session.get(url + path, headers=headers) as answer,
    ):
        return answer.status, answer.headers, await answer.read()


def own(suffix: str) -> dict[str, str]:
    """Our own files of a kind, as text."""
    return {
        path: file.body.decode()
        for path, file in HELD.items()
        if path.endswith(suffix) and not path.startswith("vendor/")
    }


def imported(path: str) -> set[str]:
    """What a module imports, as paths under `static/`."""
    folder = path.rpartition("/")[0].split("/") if "/" in path else []
    found = set()
    for name in IMPORTS.findall(HELD[path].body.decode()):
        parts = [*folder]
        for part in name.split("/"):
            if part == "..":
                parts.pop()
            elif part != ".":
                parts.append(part)
        found.add("/".join(parts))
    return found


def first_load() -> set[str]:
    """Everything that the browser fetches before the first page stands."""
    wanted = {PAGE, *(each.removeprefix(PREFIX) for each in LINKS.findall(own("html")[PAGE]))}
    while (
        more := {each for path in wanted if path.endswith(".js") for each in imported(path)}
        - wanted
    ):
        wanted |= more
    return wanted


async def test_the_page_and_each_file_of_it() -> None:
    status, headers, body = await got("/")
    assert (status, headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert body == HELD[PAGE].body
    for path in first_load():
        status, headers, body = await got(PREFIX + path)
        assert (status, body) == (200, HELD[path].body), path
        assert headers["Content-Security-Policy"] == POLICY
        assert headers["X-Content-Type-Options"] == "nosniff"


async def test_a_file_that_has_not_changed_is_not_sent_again() -> None:
    _, headers, _ = await got("/static/main.js")
    status, _, body = await got("/static/main.js", **{"If-None-Match": headers["ETag"]})
    assert (status, body) == (304, b"")
    status, _, _ = await got("/static/main.js", **{"If-None-Match": '"another"'})
    assert status == 200


@pytest.mark.parametrize(
    "path", ["nothing.js", "../files.py", "%2e%2e/files.py", "..%2ffiles.py", "views", "views/"]
)
async def test_there_is_no_other_file(path: str) -> None:
    status, _, body = await got(PREFIX + path)
    assert status == 404
    assert b"import" not in body


def test_the_first_load_is_small() -> None:
    assert sum(len(HELD[path].body) for path in first_load()) < MAX_FIRST_LOAD_BYTES


def test_every_file_is_used() -> None:
    assert set(HELD) == first_load()


def test_nothing_runs_inline() -> None:
    page = own("html")[PAGE]
    assert re.findall(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page) == []
    policy = dict(part.split(" ", 1) for part in POLICY.split("; "))
    assert policy["default-src"] == "'self'"
    assert "unsafe" not in POLICY


def test_text_never_becomes_markup() -> None:
    writes = re.compile(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|DOMParser"
    )
    assert [path for path, text in own("js").items() if writes.search(text)] == []


def test_nothing_comes_from_another_host() -> None:
    allowed = "http://www.w3.org/2000/svg"
    for path, text in (own("js") | own("css") | own("html") | own("svg")).items():
        assert [url for url in re.findall(r"https?://[^\s\"'`]+", text) if url != allowed] == [], (
            path
        )


def test_modules_are_short() -> None:
    texts = own("js") | own("css")
    assert [path for path, text in texts.items() if text.count("\n") > MAX_MODULE_LINES] == []


def test_a_tag_tells_files_apart() -> None:
    assert File.of(b"a", "text/plain").etag != File.of(b"b", "text/plain").etag
