"""What each route of the API must answer to a tenant's own key, and to another tenant's.

One probe for each route of `/api`. A route without one fails a test, so nobody adds a route without
saying how it keeps tenants apart.
"""

from dataclasses import dataclass
from typing import Any

CANARY = "canary-of-acme"
USER = f"{CANARY}-user"
ELSEWHERE = "another process answers: the same probes go through a proxy"

COOKIE = "shows nothing but the tenant of the key that asks: tests of the session itself"


@dataclass(frozen=True)
class Probe:
    """A request; `{id}` is acme's exchange, `{hook}` its endpoint.

    `own` and `other` are the statuses for acme's key and for another tenant's; `shows`: whether the
    answer to acme holds its canary. The other's never does.
    """

    method: str
    path: str
    own: int
    other: int
    shows: bool = False
    body: Any = None


PROBES: dict[tuple[str, str], Probe] = {
    ("GET", "/api/v1/users"): Probe("GET", "/api/v1/users", 200, 200, shows=True),
    ("GET", "/api/v1/users/{user}"): Probe("GET", f"/api/v1/users/{USER}", 200, 404, shows=True),
    ("GET", "/api/v1/exchanges"): Probe("GET", "/api/v1/exchanges", 200, 200, shows=True),
    ("GET", "/api/v1/exchanges/{id}"): Probe("GET", "/api/v1/exchanges/{id}", 200, 404, shows=True),
    ("GET", "/api/v1/exchanges/{id}/body"): Probe(
        "GET", "/api/v1/exchanges/{id}/body", 200, 404, shows=True
    ),
    ("GET", "/api/v1/exchanges/{id}/deliveries"): Probe(
        "GET", "/api/v1/exchanges/{id}/deliveries", 200, 200
    ),
    ("GET", "/api/v1/stats"): Probe(
        "GET", "/api/v1/stats?group_by=user,property:mark", 200, 200, shows=True
    ),
    ("GET", "/api/v1/webhooks"): Probe("GET", "/api/v1/webhooks", 200, 200, shows=True),
    ("GET", "/api/v1/webhooks/{id}"): Probe("GET", "/api/v1/webhooks/{hook}", 200, 404, shows=True),
    ("PATCH", "/api/v1/webhooks/{id}"): Probe(
        "PATCH", "/api/v1/webhooks/{hook}", 200, 404, shows=True, body={}
    ),
    ("POST", "/api/v1/webhooks"): Probe(
        "POST", "/api/v1/webhooks", 201, 201, body={"url": "http://127.0.0.1:9/"}
    ),
    ("POST", "/api/v1/webhooks/{id}/rotate"): Probe(
        "POST", "/api/v1/webhooks/{hook}/rotate", 200, 404, shows=True, body={}
    ),
    ("POST", "/api/v1/webhooks/{id}/test"): Probe("POST", "/api/v1/webhooks/{hook}/test", 200, 404),
    ("POST", "/api/v1/webhooks/{id}/replay"): Probe(
        "POST", "/api/v1/webhooks/{hook}/replay", 202, 404, body={"request_ids": ["{id}"]}
    ),
    ("GET", "/api/v1/webhooks/{id}/deliveries"): Probe(
        "GET", "/api/v1/webhooks/{hook}/deliveries", 200, 404
    ),
    # the last one, since it ends the endpoint
    ("DELETE", "/api/v1/webhooks/{id}"): Probe("DELETE", "/api/v1/webhooks/{hook}", 204, 404),
}
OTHERWISE: dict[tuple[str, str], str] = {
    ("GET", "/api/v1/pipeline"): "of the whole deployment: admins alone, tests of the pipeline",
    ("GET", "/api/v1/session"): COOKIE,
    ("POST", "/api/v1/session"): COOKIE,
    ("DELETE", "/api/v1/session"): COOKIE,
    ("GET", "/api/v1/live"): "a stream: opened by both before the call is made",
    ("POST", "/api/v1/log"): "the other tenant writes a record in acme's name",
    ("GET", "/api/v1/{query}"): ELSEWHERE,
}
"""Routes that are tested in a way of their own, and which."""
