"""Addresses in a response's head, by which a client goes on: they lead back through the relay.

`Location` of a redirect (RFC 9110 §10.2.2): a client that follows it past the relay leaves its
credentials behind, because the host is another one, and its call has no record; a path alone would
lose our prefix. `X-Goog-Upload-URL` of Google's resumable uploads: their first request, `POST
/upload/v1beta/files`, is answered by an absolute address for the bytes
(https://ai.google.dev/gemini-api/docs/files), where the SDK sends them whatever its base URL. It
does so without its caller's own fields: where the call came with a key of ours, the bytes would be
refused here, and that address stays.
"""

from typing import Final
from urllib.parse import urlsplit

from aiohttp import web

from proxy.relay.headers import MODIFIED, ResponseHead
from proxy.relay.secrets import OWN
from proxy.relay.upstreams import Upstream

LOCATION, UPLOAD_URL = b"location", b"x-goog-upload-url"
REDIRECTS: Final = frozenset({301, 302, 303, 307, 308})
UPLOADS: Final = "/upload/"
UNPREFIXED: Final = "/v1/"


def may_tell_address(status: int, path: str) -> bool:
    """Whether an answer may hold an address; `path` is that behind the upstream's prefix."""
    return status in REDIRECTS or path.startswith(UPLOADS)


def lead_back(
    head: ResponseHead, status: int, request: web.BaseRequest, upstream: Upstream, path: str
) -> None:
    """Put our address where the upstream named its own, and say so; any other one stays."""
    name = LOCATION if status in REDIRECTS else UPLOAD_URL
    prefix = prefix_of(request, path)
    if prefix is None or (name == UPLOAD_URL and has_key(request)):
        return
    for place, (spelled, value) in enumerate(head.passed):
        if spelled.lower() == name:
            address = value.decode("latin-1")
            ours = moved(address, upstream, f"{base_of(request)}{prefix}", prefix)
            if ours is not None and ours != address and ours.isascii():
                head.passed[place] = (spelled, ours.encode())
                head.passed.append((MODIFIED, name))
            return


def has_key(request: web.BaseRequest) -> bool:
    """Whether a request says whose it is."""
    return any(name.decode() in request.headers for name in OWN)


def prefix_of(request: web.BaseRequest, path: str) -> str | None:
    """What stands before an upstream's own paths here; None where the request does not tell."""
    prefix, found, _ = request.raw_path.partition(path)
    return prefix if found and "://" not in prefix and request.headers.get("Host") else None


def base_of(request: web.BaseRequest) -> str:
    """What the client takes for the provider: the scheme as an outer proxy tells it, the host."""
    told = request.headers.get("X-Forwarded-Proto", "")
    scheme = told if told in ("http", "https") else request.scheme
    return f"{scheme}://{request.headers['Host']}"


def moved(address: str, upstream: Upstream, here: str, prefix: str) -> str | None:
    """An address below an upstream's base URL, now below `here`; None for any other one.

    A path alone stays one, below `prefix`.
    """
    base = upstream.base_path
    try:
        told, there = urlsplit(address), urlsplit(upstream.origin)
        is_path = not told.scheme and not told.netloc and told.path.startswith("/")
        same = is_path or (told.scheme, told.hostname, told.port or None) == (
            there.scheme,
            there.hostname,
            there.port or None,
        )
    except ValueError:
        return None
    tail = told.path.removeprefix(base)
    if not same or not told.path.startswith(f"{base}/"):
        return None
    if not prefix and not tail.startswith(UNPREFIXED):
        return None
    behind = told._replace(scheme="", netloc="", path=tail).geturl()
    return f"{prefix if is_path else here}{behind}"
