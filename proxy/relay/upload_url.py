"""Where Google's resumable uploads go on: the address it answers with leads back through the relay.

The first request of an upload, `POST /upload/v1beta/files`, is answered by `X-Goog-Upload-URL`,
an absolute address for the bytes (https://ai.google.dev/gemini-api/docs/files). The SDK sends them
there, whatever its base URL; and a client that puts its own host into it loses our prefix.
"""

from urllib.parse import urlsplit

from aiohttp import web

from proxy.relay.headers import ResponseHead
from proxy.relay.upstreams import Upstream

NAME = b"x-goog-upload-url"
UPLOADS = "/upload/"
MODIFIED = (b"tailrace-modified", b"upload_url")


def may_tell_address(path: str) -> bool:
    """Whether a call may be one of an upload; `path` is that behind the upstream's prefix."""
    return path.startswith(UPLOADS)


def lead_back(head: ResponseHead, request: web.BaseRequest, upstream: Upstream, path: str) -> None:
    """Put our address where the upstream named its own, and say so; any other one stays."""
    here = base_of(request, path)
    for place, (name, value) in enumerate(head.passed):
        if name.lower() == NAME and here is not None:
            ours = moved(value.decode("latin-1"), f"{upstream.origin}{upstream.base_path}", here)
            if ours is not None and ours.isascii():
                head.passed[place] = (name, ours.encode())
                head.passed.append(MODIFIED)
            return


def base_of(request: web.BaseRequest, path: str) -> str | None:
    """What the client takes for the provider's base URL; None where its request does not tell.

    The scheme is the one by which the client came, as an outer proxy tells it.
    """
    prefix, found, _ = request.raw_path.partition(path)
    host = request.headers.get("Host")
    if not found or not host or "://" in prefix:
        return None
    scheme = request.headers.get("X-Forwarded-Proto", request.scheme)
    return f"{scheme if scheme in ('http', 'https') else request.scheme}://{host}{prefix}"


def moved(address: str, there: str, here: str) -> str | None:
    """An address below the base URL `there`, now below `here`; None for any other address."""
    try:
        told, base = urlsplit(address), urlsplit(there)
        same = (told.hostname, told.port) == (base.hostname, base.port)
    except ValueError:
        return None
    if not same or not told.path.startswith(f"{base.path}/"):
        return None
    tail = told.path.removeprefix(base.path)
    return f"{here}{tail}?{told.query}" if told.query else f"{here}{tail}"
