"""`/api/v1/session`: who the browser is, by a cookie that no script can read.

    GET      {"tenant", "role", "signed_in"}: on whose behalf queries are made; else 401
    POST     {"key": "tr_…"}: 204 with the cookie, 401 for a key that is not in force
    DELETE   204, and the cookie is gone

The cookie goes to `/api` alone, so that no upstream ever sees it, to no page of another site
(SameSite=Strict), and over TLS alone where the page came over TLS. What changes something by cookie
needs the header `Tailrace-CSRF` as well, which pages of other sites cannot send.
"""

from typing import Any

import orjson
from aiohttp import web

from app.access.gate import COOKIE, SESSION_PATH, Gate, check_not_forged
from app.errors import QueryRefused

COOKIE_PATH = "/api"
MAX_AGE_S = 7 * 86_400
MAX_BODY_BYTES = 4096


class SessionView:
    """The three handlers; they look for a key themselves."""

    def __init__(self, gate: Gate) -> None:
        """`gate` knows the keys."""
        self._gate = gate

    def register(self, web_app: web.Application) -> None:
        """Add the routes."""
        web_app.router.add_get(SESSION_PATH, self.show)
        web_app.router.add_post(SESSION_PATH, self.begin)
        web_app.router.add_delete(SESSION_PATH, self.end)

    async def show(self, request: web.Request) -> web.Response:
        """Who asks. Raises: QueryRefused (401, 403), Unavailable."""
        principal = self._gate.principal(request)
        answer = {
            "tenant": principal.tenant,
            "role": principal.role,
            "signed_in": principal.key_id is not None,
        }
        headers = {"Cache-Control": "no-store"}
        return web.Response(
            body=orjson.dumps(answer), content_type="application/json", headers=headers
        )

    async def begin(self, request: web.Request) -> web.Response:
        """Take a key. Raises: QueryRefused (400, 401, 403, 413), Unavailable."""
        check_not_forged(request, by_cookie=True)
        key = _key_in(await _bounded(request))
        if self._gate.key_of(key) is None:
            raise QueryRefused(401, "unauthorized", "that is not a key in force", "key")
        answer = web.Response(status=204, headers={"Cache-Control": "no-store"})
        answer.set_cookie(COOKIE, key.strip(), max_age=MAX_AGE_S, **_attributes(request))
        return answer

    async def end(self, request: web.Request) -> web.Response:
        """Forget the key. Raises: QueryRefused (403)."""
        check_not_forged(request, by_cookie=True)
        answer = web.Response(status=204, headers={"Cache-Control": "no-store"})
        answer.del_cookie(COOKIE, **_attributes(request))
        return answer


def _attributes(request: web.Request) -> dict[str, Any]:
    over_tls = request.secure or request.headers.get("X-Forwarded-Proto") == "https"
    return {"path": COOKIE_PATH, "httponly": True, "samesite": "Strict", "secure": over_tls}


async def _bounded(request: web.Request) -> bytes:
    """The body. Raises: QueryRefused (413)."""
    body = await request.content.read(MAX_BODY_BYTES + 1)
    while len(body) <= MAX_BODY_BYTES and not request.content.at_eof():
        body += await request.content.read(MAX_BODY_BYTES + 1 - len(body))
    if len(body) > MAX_BODY_BYTES:
        raise QueryRefused(413, "too_large", f"more than {MAX_BODY_BYTES} bytes")
    return body


def _key_in(body: bytes) -> str:
    """The key that a body names. Raises: QueryRefused (400)."""
    try:
        key = orjson.loads(body)["key"]
    except (ValueError, KeyError, TypeError, IndexError) as exc:
        raise QueryRefused(400, "invalid_body", 'JSON is required: {"key": "…"}') from exc
    if not isinstance(key, str) or not key.strip().isascii() or not key.strip().isprintable():
        raise QueryRefused(401, "unauthorized", "that is not a key in force", "key")
    return key
