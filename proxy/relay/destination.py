"""Where a call goes, and the request as it goes there."""

from aiohttp import web

from app.errors import RelayRefused
from proxy.relay.headers import RequestHead
from proxy.relay.upstreams import Upstream
from proxy.upstream.protocol import UpstreamRequest


class Destination:
    """An upstream, and what is to be appended to its base; the refusal of another one, if any."""

    __slots__ = ("refusal", "target", "upstream")

    def __init__(
        self, upstream: Upstream, target: str, refusal: RelayRefused | None = None
    ) -> None:
        self.upstream = upstream
        self.target = target
        self.refusal = refusal


def origin_form(request: web.Request) -> str:
    """The path and query of a request, whatever the form of its target."""
    target = request.raw_path
    if target.startswith("/"):
        return target
    # A client that takes us for a forward proxy sends the whole URL (RFC 9112 §3.2.2).
    return "/" + target.split("://", 1)[-1].partition("/")[2]


def outgoing_of(method: str, upstream: Upstream, target: str, head: RequestHead) -> UpstreamRequest:
    """The request as it goes up, without its body.

    Raises: RelayRefused (`invalid_path`, `invalid_header`).
    """
    target = upstream.base_path + target
    if not target.isascii():
        raise RelayRefused(400, "invalid_path", "the path holds characters that a URL cannot")
    if head.transfer_coded:
        # It is not passed on: the upstream would take the coded body for a plain one.
        raise RelayRefused(400, "invalid_header", "Transfer-Encoding must be chunked")
    if upstream.authorization is not None and not head.authorized:
        head.passed.append((b"Authorization", upstream.authorization))
    return UpstreamRequest(method, upstream.origin, target, head.passed)
