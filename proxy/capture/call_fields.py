"""What a record says of a call whatever became of it: whose it is, where it went, and when."""

from typing import Any

from app.clock import utc
from app.record.fields import MAX_USER_BYTES
from app.record.model import ANONYMOUS_USER, SCHEMA_VERSION
from proxy.dialects.base import RequestFacts
from proxy.exchange import CallMeta, Stamp
from proxy.identity import NOBODY, Identity


def fields_of_call(meta: CallMeta, family: str, stamp: Stamp) -> dict[str, Any]:
    """Fields of `app.record.model.Record`, absent ones left out, no bytes counted yet."""
    identity = meta.identity
    fields: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "tenant": meta.tenant,
        "request_id": meta.request_id,
        "user": identity.user or ANONYMOUS_USER,
        "properties": identity.properties,
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
    if meta.key_id is not None:
        fields["key_id"] = meta.key_id
    if identity is not NOBODY:
        fields |= _told(identity)
    return fields


def _told(identity: Identity) -> dict[str, Any]:
    told = (
        ("client_request_id", identity.client_request_id),
        ("session_id", identity.session_id),
        ("session_name", identity.session_name),
        ("session_path", identity.session_path),
        ("traceparent", identity.traceparent),
        ("client_retry_count", identity.client_retry_count),
    )
    return {name: value for name, value in told if value is not None}


def user_of(meta: CallMeta, asked: RequestFacts) -> tuple[str, bool]:
    """The header's user, else the body's, else the anonymous one; whether a body's was too long."""
    if meta.identity.user:
        return meta.identity.user, False
    user = asked.user
    if user is None:
        return ANONYMOUS_USER, False
    if len(user.encode("utf-8", "replace")) > MAX_USER_BYTES:
        return ANONYMOUS_USER, True
    return user, False
