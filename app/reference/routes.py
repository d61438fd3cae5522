"""The reference of the paths: what each route of the process's router answers.

The table is written by hand; a test compares its paths with the router's, both ways.
"""

from app.reference.markdown import code, page, table

INTRO = """
Names in braces stand for one segment, `*` for the rest of the path. Errors of `/api`, `/health` and
`/metrics` are `{"error": {"code", "message", "field"}}`; errors of relayed paths have the shape of
the called API. Every relayed response carries `tailrace-request-id`.
"""
ANY = "*"
ROUTES: tuple[tuple[str, str, str], ...] = (
    (ANY, "/v1/*", "relayed to the default upstream (`TAILRACE_DEFAULT_UPSTREAM`)"),
    (ANY, "/{upstream}/*", "relayed to that upstream; the rest of the path is appended"),
    (
        "POST",
        "/api/v1/log",
        "202 once the NDJSON lines `record`, `request_body`, `response_body` (base64) are durable:"
        " `accepted`, `duplicates` and `rejected` with `index` and `reason`; 503 if they are not",
    ),
    ("GET", "/api/v1/users", "the first users by `sort=cost|requests|tokens|errors`, `limit=`"),
    (
        "GET",
        "/api/v1/users/{user}",
        "one user's live totals, by model, hour and day; with `stale=ok`, while the worker that"
        " holds them is away, from another's copy, `stale: true` and at most `age_s` seconds old",
    ),
    (
        "GET",
        "/api/v1/live",
        "server-sent events: finished exchanges of all workers as they are counted, by `user=`,"
        " `model=`, `status=`, `outcome=`; `Last-Event-ID` goes on from there",
    ),
    (
        "GET",
        "/api/v1/exchanges",
        "finished exchanges, newest first: `limit=`, `cursor=`, and filters: `user`, `model`,"
        " `provider`, `dialect`, `session_id`, `key_id`, `property.<key>`, `outcome`, `status`,"
        " `from`, `to`, `has_error`, `has_body`, `unpriced`, `min_`/`max_cost_nano_usd`,"
        " `min_`/`max_latency_ms`",
    ),
    ("GET", "/api/v1/exchanges/{id}", "one of them, whole: the record, its cost, where it lies"),
    (
        "GET",
        "/api/v1/stats",
        "requests, errors, tokens, cost, latency and first token (p50, p95, p99) by `group_by=` of"
        " `time`, `model`, `user`, `provider`, `dialect`, `status`, `outcome`, `session_id`,"
        " `key_id`, `property:<key>`, several by commas; `interval=`, `sort=`, `limit=`, and the"
        " filters of `/api/v1/exchanges`; without `from` the last day",
    ),
    (
        "GET",
        "/api/v1/exchanges/{id}/body",
        "`side=request|response`: the exact bytes with their content type and coding; without: both"
        " as JSON; 404 with `Retry-After` while not archived yet, with the reason where not kept",
    ),
    ("GET", "/", "the dashboard"),
    ("GET", "/static/{path}", "its files"),
    ("GET", "/api/v1/session", "on whose behalf this browser asks; 401 where a key is needed"),
    (
        "POST",
        "/api/v1/session",
        '`{"key"}` becomes a cookie, `HttpOnly` and `SameSite=Strict`; needs `Tailrace-CSRF: 1`, as'
        " everything does that changes something by cookie",
    ),
    ("DELETE", "/api/v1/session", "the cookie is gone"),
    (
        "GET",
        "/api/v1/pipeline",
        "with an admin's key: each worker's partitions, lag and age by topic, sinks, publisher,"
        " spill, dead letters",
    ),
    ("GET", "/internal/pipeline", "between workers, with the internal token: own figures"),
    ("GET", "/internal/live", "between workers, with the internal token: own exchanges, live"),
    ("GET", "/api/v1/{query}", "role `proxy`: passed on to `TAILRACE_WORKER_URL`, one hop"),
    (
        "GET",
        "/internal/tables/{table}",
        "between workers, with the internal token: values of own partitions",
    ),
    (
        "GET",
        "/internal/copies/{table}",
        "between workers, with the internal token: values of any copy, and their ages",
    ),
    ("GET", "/internal/instance", "which start of which process answers here"),
    ("GET", "/internal/top", "between workers, with the internal token: own partitions' ranking"),
    ("GET", "/health/live", "200 as long as the process turns; never depends on Kafka"),
    (
        "GET",
        "/health/ready",
        "200 `ok` or `degraded` with the parts named; 503 unready or draining",
    ),
    ("GET", "/metrics", "all metrics, in Prometheus' text format"),
    ("POST", "/internal/mock/v1/chat/completions", "the mock provider, OpenAI's chat completions"),
    ("POST", "/internal/mock/v1/messages", "the mock provider, Anthropic's messages"),
    ("POST", "/internal/mock/v1/messages/count_tokens", "the mock provider, Anthropic's counting"),
    ("GET", "/internal/mock/v1/models", "the mock provider, its models"),
    ("GET", "/internal/mock/v1/models/{model}", "the mock provider, one model"),
    ("POST", "/api/v1/webhooks", "201: an endpoint for signed webhooks, with its secret, once"),
    ("GET", "/api/v1/webhooks", "the tenant's endpoints"),
    ("GET", "/api/v1/webhooks/{id}", "one endpoint"),
    ("PATCH", "/api/v1/webhooks/{id}", "what is named changes; `enabled` after a 410"),
    ("DELETE", "/api/v1/webhooks/{id}", "204: nothing more is sent to it"),
    ("POST", "/api/v1/webhooks/{id}/rotate", "a new secret; the old ones sign beside it a while"),
    ("POST", "/api/v1/webhooks/{id}/test", "sends a test now and answers what came of it"),
    (
        "POST",
        "/api/v1/webhooks/{id}/replay",
        "202 once exchanges are queued again: `request_ids`, or `from` and `to`",
    ),
    ("GET", "/api/v1/webhooks/{id}/deliveries", "what came of each attempt, newest first"),
    ("GET", "/api/v1/exchanges/{id}/deliveries", "the attempts of one exchange, oldest first"),
    (ANY, "/internal/mock/*", "the mock provider: 404 for everything else; reached as `/mock/*`"),
)


def render_routes() -> str:
    """The whole page."""
    rows = [
        ("any" if method == ANY else method, code(path), meaning)
        for method, path, meaning in ROUTES
    ]
    return page("Routes", INTRO, table(("method", "path", "answers"), rows))
