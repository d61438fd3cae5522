"""The dashboard's files over HTTP: `/` is the page, `/static/…` the rest.

Read into memory once, a few hundred KB. The browser asks again for each and mostly gets 304: after
an upgrade no page runs with a module of the old version. Nothing inline runs, nothing is loaded
from another host, and text never becomes markup (CSP3, `require-trusted-types-for`).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web

PREFIX = "/static/"
PAGE = "index.html"
TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}
POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
    )
)
GUARDS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class File:
    """One file as it is sent."""

    body: bytes
    content_type: str
    etag: str

    @classmethod
    def of(cls, body: bytes, content_type: str) -> "File":
        """With the tag of these very bytes."""
        return cls(body, content_type, hashlib.sha256(body).hexdigest()[:32])


def packaged() -> dict[str, File]:
    """Every file of the package that browsers may have, by its path under `static/`."""
    return dict(_found(files("app.dashboard") / "static", ""))


def _found(folder: Traversable, prefix: str) -> list[tuple[str, File]]:
    found: list[tuple[str, File]] = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _found(each, f"{prefix}{each.name}/")
        elif (content_type := TYPES.get(each.name.rpartition(".")[2])) is not None:
            found.append((prefix + each.name, File.of(each.read_bytes(), content_type)))
    return found


class DashboardFiles:
    """Both routes."""

    def __init__(self, held: Mapping[str, File] | None = None) -> None:
        """Reads the package's files, unless others are given."""
        self._files = packaged() if held is None else held

    def register(self, web_app: web.Application) -> None:
        """Add them; public, as they hold nobody's data."""
        web_app.router.add_get("/", self.page)
        web_app.router.add_get(PREFIX + "{path:.+}", self.file)

    async def page(self, request: web.Request) -> web.Response:
        """The page itself."""
        return self._sent(request, PAGE)

    async def file(self, request: web.Request) -> web.Response:
        """A file by its path; there is no other than those of the package. Raises: 404."""
        return self._sent(request, request.match_info["path"])

    def _sent(self, request: web.Request, path: str) -> web.Response:
        if (found := self._files.get(path)) is None:
            raise web.HTTPNotFound(text="no such file\n")
        headers = {**GUARDS, "ETag": f'"{found.etag}"'}
        wanted = request.if_none_match or ()
        if any(tag.value == found.etag for tag in wanted):
            return web.Response(status=304, headers=headers)
        return web.Response(body=found.body, headers=headers | {"Content-Type": found.content_type})
