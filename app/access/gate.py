"""Which requests need which key, decided in one place for every route there is.

    public     health, metrics, the dashboard's own files and its session, the mock provider
    internal   routes between our processes: they check the internal token themselves
    relayed    `/v1/*` and `/{upstream}/*`: the relay asks `relay_principal`
    the rest   a key: `Authorization: Bearer <key>`, or the dashboard's cookie

A route that nobody thought of is of the rest, so it is closed. A process of this deployment that
passes a query on says for which tenant, and proves itself by the internal token. A signed link
stands for the tenant that it names, for what it names alone.

Before the keys were read at all, one that is not known may be a good one: it is answered 503. Where
queries need no key, they must name this machine in `Host`: a page whose own name was made to mean
loopback names itself.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Middleware

from app.access.directory import ANYBODY, KeyDirectory, Principal
from app.access.keys import parse
from app.cluster.trust import ROLE_HEADER, TENANT_HEADER, is_trusted
from app.errors import QueryRefused, RelayRefused, Unavailable
from app.views.tenancy import PRINCIPAL
from config.settings import is_loopback

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
NOT_READ = "the access keys have not been read yet: ask again"
FOREIGN = (
    "TAILRACE_ACCESS__MODE=open answers to the names of this machine alone: ask at localhost, set"
    " TAILRACE_CANONICAL_URL to the address that is asked, or demand keys"
)
FORGED = "requests of other pages are refused; the dashboard's own send the header Tailrace-CSRF"


@dataclass(frozen=True, slots=True)
class AccessPolicy:
    """What the settings demand: keys for queries, and keys for the relay.

    Without keys, queries may name the host of `own_url` beside loopback.
    """

    queries: Literal["open", "required"] = "required"
    relay: Literal["open", "required"] = "open"
    own_url: str = ""


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
        self._own_host = urlsplit(policy.own_url).hostname

    def middleware(self) -> Middleware:
        """The check in front of every route."""

        @web.middleware
        async def check_access(request: web.Request, handler: Handler) -> web.StreamResponse:
            if kind_of(request) == "closed":
                request[PRINCIPAL] = self.principal(request)
            return await handler(request)

        return check_access

    def key_of(self, text: str) -> Principal | None:
        """Whose key that is; None if it is nobody's, or not in force.

        Raises: Unavailable, if that cannot be said before the keys were read.
        """
        found = self._keys.find(text)
        if found is None and not self._keys.is_known and parse(text) is not None:
            raise Unavailable(NOT_READ)
        return found

    def principal(self, request: web.Request) -> Principal:
        """Whose request it is. Raises: QueryRefused (401, 403), Unavailable."""
        authorization = request.headers.get("Authorization")
        check_not_forged(request, by_cookie=authorization is None and COOKIE in request.cookies)
        passed_on = request.headers.get(TENANT_HEADER)
        if passed_on is not None and is_trusted(authorization, self._token):
            is_admin = request.headers.get(ROLE_HEADER) == "admin"
            return Principal(passed_on, "admin" if is_admin else "tenant")
        if (tenant := self._tenant_of_link(request)) is not None:
            return Principal(tenant, "tenant", "link")
        given = _bearer(authorization) or request.cookies.get(COOKIE)
        found = self.key_of(given) if given else None
        if found is None and self._policy.queries == "open" and not self._is_of_a_key(given):
            self._check_host(request)
            return ANYBODY
        if found is None and request.path == LOG_PATH and is_trusted(authorization, self._token):
            return ANYBODY
        if found is None:
            raise QueryRefused(
                401, "unauthorized", "a key is required: Authorization: Bearer <key>"
            )
        return found

    def _check_host(self, request: web.Request) -> None:
        """Return if the request names this machine, or none. Raises: QueryRefused (403)."""
        if field := request.headers.get("Host"):
            host = _host_in(field)
            if host is None or not (host == self._own_host or is_loopback(host)):
                raise QueryRefused(403, "foreign_host", FOREIGN, "Host")

    @staticmethod
    def _is_of_a_key(given: str | None) -> bool:
        """Whether that has the shape of a key, and must be a good one then."""
        return given is not None and parse(given) is not None

    def relay_principal(self, own: Sequence[tuple[bytes, bytes]]) -> Principal | None:
        """Whose call it is, by its own fields in lower case; None if it must be answered 401.

        A `Tailrace-Auth` that is given must be good, also where none is needed. A `Helicone-Auth`
        that is no key of ours is somebody's who only changed the base URL: it counts as none.

        Raises: RelayRefused (503), for a key that cannot be judged before the keys were read.
        """
        if not own:
            return ANYBODY if self._policy.relay == "open" else None
        if (given := _field(own, b"tailrace-auth")) is not None:
            return self._caller(_bearer(given) or given)
        theirs = _field(own, b"helicone-auth")
        if theirs is not None and parse(_bearer(theirs) or theirs) is not None:
            return self._caller(_bearer(theirs) or theirs)
        return ANYBODY if self._policy.relay == "open" else None

    def _caller(self, text: str) -> Principal | None:
        try:
            return self.key_of(text)
        except Unavailable as exc:
            raise RelayRefused(503, "keys_not_read", str(exc)) from exc


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


def _host_in(field: str) -> str | None:
    """The name or address of a `Host`, in lower case; None for what is neither."""
    try:
        return urlsplit(f"//{field}").hostname
    except ValueError:
        return None


def _field(own: Sequence[tuple[bytes, bytes]], name: bytes) -> str | None:
    return next((value.decode("latin-1") for field, value in own if field == name), None)


def _bearer(value: str | None) -> str | None:
    """The credential of `Bearer <key>` (RFC 6750 §2.1)."""
    if value is None:
        return None
    scheme, _, given = value.partition(" ")
    return given.strip() if scheme.lower() == SCHEME and given else None
