"""Which requests need which key, decided in one place for every route there is.

    public     health, metrics, the dashboard's own files and its session, the mock provider
    internal   routes between our processes: they check the internal token themselves
    relayed    `/v1/*` and `/{upstream}/*`: the relay asks `relay_principal`
    the rest   a key: `Authorization: Bearer <key>`, or the dashboard's cookie

A route that nobody thought of is of the rest, so it is closed. A process of this deployment that
passes a query on says for which tenant, and proves itself by the internal token. A signed link
stands for the tenant that it names, for what it names alone.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from aiohttp import web
from aiohttp.typedefs import Middleware

from app.access.directory import ANYBODY, KeyDirectory, Principal
from app.access.keys import parse
from app.cluster.trust import ROLE_HEADER, TENANT_HEADER, is_trusted
from app.errors import QueryRefused
from app.views.tenancy import PRINCIPAL

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Kind = Literal["public", "internal", "relayed", "closed"]
COOKIE = "tailrace_key"
SCHEME = "bearer"
PUBLIC = ("/health/", "/static/", "/internal/mock/", "/internal/instance")
SESSION_PATH = "/api/v1/session"
PUBLIC_EXACT = frozenset({"/", "/metrics", SESSION_PATH})
INTERNAL = "/internal/"
OURS = ("/api/", "/health/", "/internal/", "/static/")
LOG_PATH = "/api/v1/log"
CSRF_HEADER = "tailrace-csrf"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORGED = "requests of other pages are refused; the dashboard's own send the header Tailrace-CSRF"


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """What the settings demand: keys for queries, and keys for the relay."""

    queries: Literal["open", "required"] = "required"
    relay: Literal["open", "required"] = "open"


class Gate:
    """Decides on whose behalf a request is made."""

    def __init__(
        self,
        policy: AccessPolicy,
        keys: KeyDirectory,
        token: str | None,
        tenant_of_link: Callable[[web.Request], str | None] = lambda request: None,
    ) -> None:
        """`token` is the internal one; a request that is a good link needs nothing else."""
        self._policy = policy
        self._tenant_of_link = tenant_of_link
        self._keys = keys
        self._token = token

    def middleware(self) -> Middleware:
        """The check in front of every route."""

        @web.middleware
        async def check_access(request: web.Request, handler: Handler) -> web.StreamResponse:
            if kind_of(request) == "closed":
                request[PRINCIPAL] = self.principal(request)
            return await handler(request)

        return check_access

    def key_of(self, text: str) -> Principal | None:
        """Whose key that is; None if it is nobody's, or not in force."""
        return self._keys.find(text)

    def principal(self, request: web.Request) -> Principal:
        """Whose request it is. Raises: QueryRefused (401, 403)."""
        authorization = request.headers.get("Authorization")
        check_not_forged(request, by_cookie=authorization is None and COOKIE in request.cookies)
        passed_on = request.headers.get(TENANT_HEADER)
        if passed_on is not None and is_trusted(authorization, self._token):
            is_admin = request.headers.get(ROLE_HEADER) == "admin"
            return Principal(passed_on, "admin" if is_admin else "tenant")
        if (tenant := self._tenant_of_link(request)) is not None:
            return Principal(tenant, "tenant", "link")
        given = _bearer(authorization) or request.cookies.get(COOKIE)
        found = self._keys.find(given) if given else None
        if found is None and self._policy.queries == "open" and not self._is_of_a_key(given):
            return ANYBODY
        if found is None and request.path == LOG_PATH and is_trusted(authorization, self._token):
            return ANYBODY
        if found is None:
            raise QueryRefused(
                401, "unauthorized", "a key is required: Authorization: Bearer <key>"
            )
        return found

    @staticmethod
    def _is_of_a_key(given: str | None) -> bool:
        """Whether that has the shape of a key, and must be a good one then."""
        return given is not None and parse(given) is not None

    def relay_principal(self, own: Sequence[tuple[bytes, bytes]]) -> Principal | None:
        """Whose call it is, by its own fields in lower case; None if it must be answered 401.

        A `Tailrace-Auth` that is given must be good, also where none is needed. A `Helicone-Auth`
        that is no key of ours is somebody's who only changed the base URL: it counts as none.
        """
        if not own:
            return ANYBODY if self._policy.relay == "open" else None
        if (given := _field(own, b"tailrace-auth")) is not None:
            return self._keys.find(_bearer(given) or given)
        theirs = _field(own, b"helicone-auth")
        if theirs is not None and parse(_bearer(theirs) or theirs) is not None:
            return self._keys.find(_bearer(theirs) or theirs)
        return ANYBODY if self._policy.relay == "open" else None


def kind_of(request: web.Request) -> Kind:
    """What a request's path demands; a path that no rule names is closed."""
    path = request.path
    if path in PUBLIC_EXACT or path.startswith(PUBLIC):
        return "public"
    if path.startswith(INTERNAL):
        return "internal"
    if not path.startswith(OURS):
        return "relayed"
    return "closed"


def check_not_forged(request: web.Request, *, by_cookie: bool) -> None:
    """Return unless a page of another site may be behind it. Raises: QueryRefused (403)."""
    if request.method in SAFE_METHODS:
        return
    elsewhere = request.headers.get("Sec-Fetch-Site") in {"cross-site", "same-site"}
    if elsewhere or (by_cookie and CSRF_HEADER not in request.headers):
        raise QueryRefused(403, "forged", FORGED)


def check_admin(request: web.Request) -> Principal:
    """The principal, if it may change things. Raises: QueryRefused (403)."""
    principal: Principal = request.get(PRINCIPAL, ANYBODY)
    if principal.role != "admin":
        raise QueryRefused(403, "forbidden", "an admin key is required")
    return principal


def _field(own: Sequence[tuple[bytes, bytes]], name: bytes) -> str | None:
    return next((value.decode("latin-1") for field, value in own if field == name), None)


def _bearer(value: str | None) -> str | None:
    """The credential of `Bearer <key>` (RFC 6750 §2.1)."""
    if value is None:
        return None
    scheme, _, given = value.partition(" ")
    return given.strip() if scheme.lower() == SCHEME and given else None
