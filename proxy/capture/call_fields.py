"""What a record says of a call whatever became of it: whose it is, where it went, and when."""

from typing import Any

from app.clock import utc
from app.record.fields import MAX_USER_BYTES
from app.record.model import ANONYMOUS_USER, SCHEMA_VERSION
from proxy.dialects.base import RequestFacts
from proxy.exchange import CallMeta, Stamp


def fields_of_call(meta: CallMeta, family: str, stamp: Stamp) -> dict[str, Any]:
    """Fields of `app.record.model.Record`, absent ones left out, no bytes counted yet."""
    told = (
        ("client_request_id", meta.client_request_id),
        ("key_id", meta.key_id),
        ("session_id", meta.session_id),
        ("session_name", meta.session_name),
        ("session_path", meta.session_path),
        ("traceparent", meta.traceparent),
        ("client_retry_count", meta.client_retry_count),
    )
    fields = {name: value for name, value in told if value is not None}
    return fields | {
        "schema_version": SCHEMA_VERSION,
        "tenant": meta.tenant,
        "request_id": meta.request_id,
        "user": meta.user or ANONYMOUS_USER,
        "properties": meta.properties,
        "producer_id": stamp.producer_id,
        "sequence": stamp.sequence,
        "produced_at": stamp.produced_at,
        "provider": meta.provider,
        "dialect": family,
        "upstream_url": meta.upstream_url,
        "path": meta.path,
        "method": meta.method,
        "stream": False,
        "request_bytes": 0,
        "started_at": utc(meta.started_at_s),
        "response_bytes": 0,
        "request_body": "empty",
        "response_body": "empty",
    }


def user_of(meta: CallMeta, asked: RequestFacts) -> tuple[str, bool]:
    """The header's user, else the body's, else the anonymous one; whether a body's was too long."""
    if meta.user:
        return meta.user, False
    user = asked.user
    if user is None:
        return ANONYMOUS_USER, False
    if len(user.encode("utf-8", "replace")) > MAX_USER_BYTES:
        return ANONYMOUS_USER, True
    return user, False
