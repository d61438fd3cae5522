"""Errors of `/api`, `/health` and `/metrics` as JSON: `{"error": {"code", "message", "field"}}`.

One middleware maps our error tree to statuses. Relayed paths are left alone: there the called
API's own error shape is used.
"""

import logging
from collections.abc import Awaitable, Callable
from math import ceil

import orjson
from aiohttp import web

from app.errors import QueryRefused, RelayRefused, TailraceError, Unavailable

logger = logging.getLogger(__name__)
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OURS = (
    "/internal/tables/",
    "/internal/copies/",
    "/internal/top",
    "/internal/live",
    "/internal/pipeline",
    "/internal/instance",
)
OWN_PATHS = ("/api/", "/health/", "/metrics", *OURS)
FAULT = "this is a fault of ours; the log has it"

# Status and code by type of error; one that brings its own is asked, the nearest base counts.
STATUSES: dict[type[TailraceError], tuple[int, str]] = {
    Unavailable: (503, "unavailable"),
    TailraceError: (500, "internal"),
}


def error_json(
    status: int, code: str, message: str, *, field: str | None = None, retry_after_s: float = 0
) -> web.Response:
    """One error answer; `Retry-After` in whole seconds, at least 1, where a time is given."""
    body = {"error": {"code": code, "message": message, "field": field}}
    headers = {"Retry-After": str(ceil(retry_after_s))} if retry_after_s > 0 else None
    return web.Response(
        status=status, body=orjson.dumps(body), content_type="application/json", headers=headers
    )


def answer_of(error: TailraceError) -> web.Response:
    """Which of our errors is which answer; what is a fault of ours tells its type alone."""
    if isinstance(error, QueryRefused):
        later_s = error.retry_after_s or 0
        return error_json(
            error.status, error.code, str(error), field=error.field, retry_after_s=later_s
        )
    if isinstance(error, RelayRefused):
        return error_json(error.status, error.code, str(error))
    status, code = next(STATUSES[base] for base in type(error).__mro__ if base in STATUSES)
    if isinstance(error, Unavailable):
        retry_after_s = max(1.0, error.retry_after_s)
        return error_json(status, code, str(error), retry_after_s=retry_after_s)
    return error_json(status, code, type(error).__name__)


@web.middleware
async def json_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer errors of our own routes as JSON, unknown paths among them."""
    if not request.path.startswith(OWN_PATHS):
        return await handler(request)
    try:
        return await handler(request)
    except TailraceError as error:
        answer = answer_of(error)
        if answer.status == 500:
            logger.exception("a view failed: %s %s", request.method, request.path)
        return answer
    except web.HTTPException as error:
        return _shaped(error)
    except Exception:
        logger.exception("a view failed: %s %s", request.method, request.path)
        return error_json(500, "internal", FAULT)


def _shaped(error: web.HTTPException) -> web.Response:
    """What aiohttp answers itself, in our shape; redirects stay what they are."""
    if error.status < 400:
        raise error
    answer = error_json(error.status, error.reason.lower().replace(" ", "_"), error.reason)
    if (allowed := error.headers.get("Allow")) is not None:
        answer.headers["Allow"] = allowed
    return answer
