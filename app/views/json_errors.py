"""Errors of `/api`, `/health` and `/metrics` as JSON: `{"error": {"code", "message", "field"}}`.

One middleware maps our error tree to statuses. Relayed paths are left alone: there the called
API's own error shape is used.
"""

import logging
from collections.abc import Awaitable, Callable

import orjson
from aiohttp import web

from app.errors import QueryRefused, TailraceError, Unavailable

logger = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OWN_PATHS = ("/api/", "/health/", "/metrics")


def error_json(
    status: int, code: str, message: str, *, field: str | None = None, retry_after_s: float = 0
) -> web.Response:
    """One error answer; `Retry-After` in whole seconds, at least 1, where a time is given."""
    body = {"error": {"code": code, "message": message, "field": field}}
    headers = {"Retry-After": str(max(1, round(retry_after_s)))} if retry_after_s else None
    return web.Response(
        status=status, body=orjson.dumps(body), content_type="application/json", headers=headers
    )


def answer_of(error: TailraceError) -> web.Response:
    """The table: which of our errors is which answer."""
    if isinstance(error, QueryRefused):
        return error_json(error.status, error.code, str(error), field=error.field)
    if isinstance(error, Unavailable):
        return error_json(503, "unavailable", str(error), retry_after_s=error.retry_after_s)
    return error_json(500, "internal", type(error).__name__)


@web.middleware
async def json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors of our own routes as JSON, unknown paths among them."""
    if not request.path.startswith(OWN_PATHS):
        return await handler(request)
    try:
        return await handler(request)
    except TailraceError as error:
        return answer_of(error)
    except web.HTTPException as error:
        if error.status < 400:
            raise
        return error_json(error.status, error.reason.lower().replace(" ", "_"), error.reason)
    except Exception:
        logger.exception("a view failed: %s %s", request.method, request.path)
        return error_json(500, "internal", "this is a fault of ours; the log has it")
