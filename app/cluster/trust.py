"""The internal token: `Authorization: Bearer <TAILRACE_INTERNAL_TOKEN>` between our processes.

A wrong token is refused rather than taken for a stranger's request.
"""

import hmac

from aiohttp import web

from app.errors import QueryRefused
from config import Settings

HOP_HEADER = "tailrace-hop"
TENANT_HEADER = "tailrace-tenant"
ROLE_HEADER = "tailrace-role"
"""What the asker's key allows: `admin`; a worker takes anything else, or nothing, for a tenant."""


def token_of(settings: Settings) -> str | None:
    """The deployment's token in clear, for those who must say or compare it; None without one."""
    token = settings.internal_token
    return None if token is None else token.get_secret_value()


def is_trusted(authorization: str | None, token: str | None) -> bool:
    """Whether a request comes from one of us. Raises: QueryRefused, with a token that is wrong."""
    if authorization is None:
        return False
    scheme, _, given = authorization.partition(" ")
    if (
        not token
        or scheme.lower() != "bearer"
        or not hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), token.encode())
    ):
        raise QueryRefused(401, "unauthorized", "that is not the internal token", "Authorization")
    return True


def check_trusted(request: web.Request, token: str | None) -> None:
    """Return if the request comes from one of us. Raises: QueryRefused."""
    if not is_trusted(request.headers.get("Authorization"), token):
        raise QueryRefused(401, "unauthorized", "the internal token is required", "Authorization")


def credentials(token: str | None) -> dict[str, str]:
    """The headers that make a request one of ours, on its one hop."""
    headers = {HOP_HEADER: "1"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    return headers
