"""A way past the router for requests whose path says at once whose they are.

aiohttp walks its table of routes and every middleware for each request, which costs a relayed call
more than reading its head. What is registered here is asked first, by the first segment of the raw
path; whatever it does not know goes the ordinary way, where the same routes must be as well:

    web_app[FRONT] = {"v1": relay_default, "openai": relay_openai}

Only for handlers that no middleware has anything to do with. `IN_PLACE` names by the same segments
who answers plain requests without a task: see `app.front_connection`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from app.front_connection import FrontServer, InPlace, in_front

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FRONT = web.AppKey("front", Mapping[str, Handler])
IN_PLACE = web.AppKey("in_place", Mapping[str, InPlace])


class FrontRunner(web.AppRunner):
    """An `AppRunner` whose server asks the application's `IN_PLACE` and `FRONT` first."""

    async def _make_server(self) -> web.Server:
        """As any runner; what is registered by then is in front."""
        server = await super()._make_server()
        if handlers := self.app.get(FRONT):
            server.request_handler = _in_front(handlers, server.request_handler)
        in_place = self.app.get(IN_PLACE)
        return FrontServer(server, in_place) if in_place else server


def _in_front(handlers: Mapping[str, Handler], behind: Any) -> Any:
    def handle(request: Any) -> Awaitable[web.StreamResponse]:
        handler = in_front(handlers, request.raw_path)
        # An expectation is answered by the route, before its handler.
        if handler is None or "Expect" in request.headers:
            return behind(request)  # type: ignore[no-any-return]
        return handler(request)

    return handle
