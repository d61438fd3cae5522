"""The routes of webhooks: endpoints managed, tested, replayed, and what came of each attempt.

    POST   /api/v1/webhooks                   201, the endpoint and its secret, which is shown once
    GET    /api/v1/webhooks                   the tenant's endpoints
    GET    /api/v1/webhooks/{id}
    PATCH  /api/v1/webhooks/{id}              what is named changes; `enabled: true` after a 410
    DELETE /api/v1/webhooks/{id}              204; what waits for it is dropped
    POST   /api/v1/webhooks/{id}/rotate       a new secret; the old ones sign beside it for a time
    POST   /api/v1/webhooks/{id}/test         sends a test now, and answers what came of it
    POST   /api/v1/webhooks/{id}/replay       202 once the deliveries are queued
    GET    /api/v1/webhooks/{id}/deliveries   the log, newest first

The tenant is that of the key. Every mistake is a 400 that names the field.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from aiohttp import web

from app.clock import Clock, utc
from app.errors import QueryRefused
from app.ids import Ids
from app.views.tenancy import tenant_of
from app.webhooks import changes, payload
from app.webhooks.endpoint import Endpoint
from app.webhooks.log import DeliveryLog, Line, Place
from app.webhooks.poster import Poster, UrlRefused
from app.webhooks.registry import Endpoints
from app.webhooks.replay import Replays
from app.webhooks.sealing import Sealer, SealError
from app.webhooks.sending import Sender
from app.webhooks.signing import mint_secret

MAX_BODY_BYTES = 64 << 10
MAX_ENDPOINTS = 100
MAX_LIMIT, DEFAULT_LIMIT = 500, 100
CURSOR_MARK = "_"
NO_KEY = "set TAILRACE_WEBHOOKS__SECRET_KEY, which encrypts the secrets of endpoints"


@dataclass(frozen=True, slots=True)
class WebhookParts:
    """What the routes work with."""

    endpoints: Endpoints
    sealer: Sealer
    sender: Sender
    poster: Poster
    replays: Replays
    log: DeliveryLog
    clock: Clock
    ids: Ids
    log_days: int = 30


class WebhookViews:
    """The handlers."""

    def __init__(self, parts: WebhookParts) -> None:
        self._parts = parts

    def register(self, web_app: web.Application) -> None:
        """Add the routes."""
        one, router = "/api/v1/webhooks/{id}", web_app.router
        router.add_post("/api/v1/webhooks", self.create)
        router.add_get("/api/v1/webhooks", self.many)
        router.add_get(one, self.one)
        router.add_patch(one, self.change)
        router.add_delete(one, self.remove)
        router.add_post(f"{one}/rotate", self.rotate)
        router.add_post(f"{one}/test", self.test)
        router.add_post(f"{one}/replay", self.replay)
        router.add_get(f"{one}/deliveries", self.deliveries)

    # -- endpoints

    async def create(self, request: web.Request) -> web.Response:
        """A new endpoint. Raises: QueryRefused, Unavailable."""
        parts, tenant = self._parts, tenant_of(request)
        asked = changes.parsed(changes.Creation, await body_of(request))
        self._check_key()
        if len(parts.endpoints.of_tenant(tenant)) >= MAX_ENDPOINTS:
            raise QueryRefused(400, "too_many", f"there are {MAX_ENDPOINTS} endpoints already")
        await self._check_url(asked.url)
        endpoint_id = f"we_{parts.ids.request_id().replace('-', '')}"
        secret = asked.secret or mint_secret()
        endpoint = changes.created(
            asked,
            endpoint_id=endpoint_id,
            tenant=tenant,
            secret=secret,
            seal=lambda clear: parts.sealer.seal(clear, endpoint_id),
            now=self._now(),
        )
        await parts.endpoints.put(endpoint)
        return self._answer(endpoint, status=201, secret=secret)

    async def many(self, request: web.Request) -> web.Response:
        """The tenant's endpoints."""
        now = self._now()
        found = self._parts.endpoints.of_tenant(tenant_of(request))
        items = [changes.as_json(each, now) for each in found]
        return _json({"items": items, "next_cursor": None})

    async def one(self, request: web.Request) -> web.Response:
        """One endpoint. Raises: QueryRefused."""
        return self._answer(self._endpoint(request))

    async def change(self, request: web.Request) -> web.Response:
        """The endpoint as it is then. Raises: QueryRefused, Unavailable."""
        endpoint = self._endpoint(request)
        asked = changes.parsed(changes.Change, await body_of(request))
        if asked.url is not None and asked.url != endpoint.url:
            await self._check_url(asked.url)
        # As it is now: it may have been changed or removed while its address was looked up.
        endpoint = changes.changed(self._endpoint(request), asked, self._now())
        await self._parts.endpoints.put(endpoint)
        return self._answer(endpoint)

    async def remove(self, request: web.Request) -> web.Response:
        """Nothing more is sent to it. Raises: QueryRefused, Unavailable."""
        await self._parts.endpoints.remove(self._endpoint(request))
        return web.Response(status=204)

    async def rotate(self, request: web.Request) -> web.Response:
        """The new secret. Raises: QueryRefused, Unavailable."""
        endpoint = self._endpoint(request)
        asked = changes.parsed(changes.Rotation, await body_of(request))
        self._check_key()
        secret = asked.secret or mint_secret()
        sealed = self._parts.sealer.seal(secret, endpoint.endpoint_id)
        keep = timedelta(seconds=asked.keep_previous_s)
        endpoint = changes.rotated(endpoint, sealed, keep, self._now())
        await self._parts.endpoints.put(endpoint)
        return self._answer(endpoint, secret=secret)

    # -- deliveries

    async def test(self, request: web.Request) -> web.Response:
        """What came of a test. Raises: QueryRefused."""
        parts, endpoint, now = self._parts, self._endpoint(request), self._now()
        attempt_id = parts.ids.request_id()
        message_id = f"msg_test_{attempt_id.replace('-', '')}"
        event = payload.test_event(endpoint.endpoint_id, now)
        try:
            reply = await parts.sender.send(endpoint, message_id, event)
        except SealError as exc:
            raise QueryRefused(409, "sealed", f"its secret cannot be used: {exc}") from exc
        line = Line(
            tenant=endpoint.tenant,
            endpoint_id=endpoint.endpoint_id,
            at=now,
            attempt_id=attempt_id,
            webhook_id=message_id,
            request_id="",
            kind="test",
            attempt=1,
            result="delivered" if reply.meaning == "delivered" else "failed",
            status=reply.status,
            took_ms=reply.took_ms,
            error=reply.error,
        )
        parts.log.add(line)
        return _json(line.members())

    async def replay(self, request: web.Request) -> web.Response:
        """How many deliveries were queued. Raises: QueryRefused, Unavailable."""
        endpoint = self._endpoint(request)
        asked = changes.parsed(changes.ReplayRequest, await body_of(request))
        if not endpoint.is_enabled:
            raise QueryRefused(409, "disabled", "the endpoint is disabled: enable it first")
        if asked.request_ids is not None:
            if asked.from_ is not None or asked.to is not None:
                raise QueryRefused(400, "invalid_parameter", "ids or a time, not both", "from")
            done = await self._parts.replays.by_id(endpoint, asked.request_ids)
        else:
            since, before = self._time_of(asked)
            done = await self._parts.replays.by_time(
                endpoint, since, before, filtered=asked.filtered
            )
        return _json(dict(done._asdict()), status=202)

    async def deliveries(self, request: web.Request) -> web.Response:
        """The log. Raises: QueryRefused, Unavailable."""
        endpoint, limit = self._endpoint(request), limit_of(request.query.get("limit"))
        before = before_of(request.query.get("before")) or Place(self._now() + timedelta(seconds=1))
        since = self._now() - timedelta(days=self._parts.log_days)
        items = await self._parts.log.read(
            endpoint.tenant, endpoint.endpoint_id, since=since, before=before, limit=limit
        )
        cursor = cursor_of(items[-1]) if len(items) == limit else None
        return _json({"items": list(items), "next_cursor": cursor})

    # -- parts

    def _endpoint(self, request: web.Request) -> Endpoint:
        return self._parts.endpoints.find(tenant_of(request), request.match_info["id"])

    def _now(self) -> datetime:
        return utc(self._parts.clock.now_s())

    def _check_key(self) -> None:
        if not self._parts.sealer.has_key:
            raise QueryRefused(409, "no_secret_key", NO_KEY)

    async def _check_url(self, url: str) -> None:
        try:
            await self._parts.poster.check(url)
        except (UrlRefused, OSError) as exc:
            raise QueryRefused(400, "invalid_parameter", str(exc), "url") from exc

    def _time_of(self, asked: changes.ReplayRequest) -> tuple[datetime, datetime]:
        before = asked.to or self._now()
        if asked.from_ is None:
            raise QueryRefused(400, "invalid_parameter", "name ids, or a time", "from")
        if asked.from_ >= before:
            raise QueryRefused(400, "invalid_parameter", "the time ends before it begins", "to")
        return asked.from_, before

    def _answer(self, endpoint: Endpoint, *, status: int = 200, **extra: Any) -> web.Response:
        return _json({**changes.as_json(endpoint, self._now()), **extra}, status=status)


async def body_of(request: web.Request) -> bytes:
    """The request's body. Raises: QueryRefused (400) for one that is too long."""
    if request.body_exists and (request.content_length or MAX_BODY_BYTES + 1) > MAX_BODY_BYTES:
        text = f"a body has a Content-Length of at most {MAX_BODY_BYTES}"
        raise QueryRefused(400, "too_large", text)
    return await request.read()


def limit_of(text: str | None) -> int:
    """How many lines. Raises: QueryRefused (400)."""
    if text is None:
        return DEFAULT_LIMIT
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:6]) <= MAX_LIMIT):
        raise QueryRefused(400, "invalid_parameter", f"limit is 1 to {MAX_LIMIT}", "limit")
    return int(text)


def cursor_of(line: Mapping[str, Any]) -> str:
    """The place of a line, as `before` takes it."""
    at = datetime.fromisoformat(str(line["at"])).astimezone(UTC)
    return f"{at.isoformat().replace('+00:00', 'Z')}{CURSOR_MARK}{line['attempt_id']}"


def before_of(text: str | None) -> Place | None:
    """The place before which lines are shown: a time alone, or a cursor.

    Raises: QueryRefused (400).
    """
    if text is None:
        return None
    time, _, attempt_id = text.partition(CURSOR_MARK)
    try:
        at = datetime.fromisoformat(time)
        if at.tzinfo is None:
            raise ValueError("no time zone")
    except ValueError as exc:
        message = "before is a time (RFC 3339) or a next_cursor"
        raise QueryRefused(400, "invalid_parameter", message, "before") from exc
    return Place(at, attempt_id)


def _json(answer: dict[str, Any], *, status: int = 200) -> web.Response:
    return web.Response(
        status=status, body=changes.encoded(answer), content_type="application/json"
    )
