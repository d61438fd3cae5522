"""Which paths are relayed: `/v1/*` to the default upstream, `/{upstream}/*` to a named one.

The names `api v1 internal health metrics static` are never upstreams, so their paths stay free for
the other routes of the same server, in whatever order they are added.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web

from app.errors import RelayRefused
from app.front import FRONT, IN_PLACE, Handler
from config.settings import RESERVED_UPSTREAM_NAMES
from proxy.mock.server import register_mock
from proxy.relay.destination import origin_form
from proxy.relay.handler import Relay
from proxy.relay.in_place import InPlaceRelay
from proxy.relay.targets import names_target
from proxy.relay.upstreams import Upstream

READ_BUFFER_BYTES: Final = 64 * 1024
MAX_HEADER_BYTES: Final = 64 * 1024
RUNNER_OPTIONS: Final[Mapping[str, Any]] = {
    "handler_cancellation": True,
    "auto_decompress": False,
    "access_log": None,
    "read_bufsize": READ_BUFFER_BYTES,
    "max_line_size": MAX_HEADER_BYTES,
    "max_field_size": MAX_HEADER_BYTES,
}
"""How an `aiohttp.web.AppRunner` must serve the relay: bytes and disconnects pass through."""

NOT_RESERVED: Final = f"(?!(?:{'|'.join(sorted(RESERVED_UPSTREAM_NAMES))})/)"
NAMED: Final = f"/{{upstream:{NOT_RESERVED}[^/]+}}/{{tail:.*}}"
EXPECTATION_FAILED = RelayRefused(417, "invalid_expectation", "only 100-continue can be expected")


def register_routes(web_app: web.Application, relay: Relay, *, mock: bool) -> None:
    """Add the relay's routes, and the mock provider's, to a router that is not frozen yet."""
    if mock:
        register_mock(web_app)
    expect = _expectation(relay)
    router = web_app.router
    router.add_route("*", "/v1/{tail:.*}", _default(relay), expect_handler=expect)
    router.add_route("*", NAMED, _named(relay), expect_handler=expect)
    names = {name: _to(relay, upstream) for name, upstream in relay.upstreams.by_name.items()}
    web_app[FRONT] = names | {"v1": _default(relay)}
    in_place = {
        name: InPlaceRelay(relay, upstream, len(name) + 1)
        for name, upstream in relay.upstreams.by_name.items()
    }
    web_app[IN_PLACE] = in_place | {"v1": InPlaceRelay(relay, relay.upstreams.default, 0)}


def _default(relay: Relay) -> Handler:
    async def relay_to_default(request: web.Request) -> web.StreamResponse:
        return await relay.handle(request, relay.upstreams.default, origin_form(request))

    return relay_to_default


def _named(relay: Relay) -> Handler:
    async def relay_to_named(request: web.Request) -> web.StreamResponse:
        name = request.match_info["upstream"]
        upstream = relay.upstreams.by_name.get(name)
        if upstream is None:
            if not names_target(request.raw_headers):
                return relay.refuse(_unknown(relay, name))
            return await relay.handle(request, relay.upstreams.default, origin_form(request))
        target = origin_form(request)
        return await relay.handle(request, upstream, target[target.index("/", 1) :])

    return relay_to_named


def _to(relay: Relay, upstream: Upstream) -> Handler:
    skipped = len(upstream.name) + 1

    async def relay_to_upstream(request: web.Request) -> web.StreamResponse:
        return await relay.handle(request, upstream, request.raw_path[skipped:])

    return relay_to_upstream


def _unknown(relay: Relay, name: str) -> RelayRefused:
    known = ", ".join(sorted(relay.upstreams.by_name))
    message = f"there is no upstream {name[:64]!r}; configured are: {known}"
    return RelayRefused(404, "unknown_upstream", message)


def _expectation(relay: Relay) -> Callable[[web.Request], Awaitable[web.StreamResponse | None]]:
    async def expect(request: web.Request) -> web.StreamResponse | None:
        # The relay itself says 100 Continue, once the upstream wants the body.
        if request.headers["Expect"].lower() == "100-continue":
            return None
        return relay.refuse(EXPECTATION_FAILED)

    return expect
