"""One valid record, bodies and so on, for tests that change a field or two."""

from datetime import UTC, datetime
from typing import Any

from app.record.model import Record, Timings, Usage

STARTED_AT = datetime(2026, 3, 14, 15, 9, 26, 535897, tzinfo=UTC)
REQUEST_ID = "0195950e-3b4a-7c3d-8e5f-0123456789ab"


TYPICAL: dict[str, Any] = {
    "request_id": REQUEST_ID,
    "client_request_id": "checkout-42",
    "user": "alice",
    "session_id": "5b0f3d0a-6a41-4a9b-a2a6-0b5b7f0a9c11",
    "session_name": "support chat",
    "session_path": "/support/refund",
    "properties": {f"property-{number}": "some value of a property " * 2 for number in range(12)},
    "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    "producer_id": "proxy-7f9c-0195950e-0000-7000-8000-000000000000",
    "sequence": 12345,
    "produced_at": STARTED_AT,
    "provider": "openai",
    "dialect": "openai",
    "upstream_url": "https://api.openai.com/v1",
    "path": "/v1/chat/completions",
    "method": "POST",
    "model_requested": "gpt-4o-mini",
    "stream": True,
    "request_bytes": 2048,
    "started_at": STARTED_AT,
    "client_retry_count": 0,
    "status": 200,
    "outcome": "completed",
    "model": "gpt-4o-mini-2024-07-18",
    "finish_reason": "stop",
    "response_bytes": 8192,
    "provider_request_id": "req_0f9e8d7c6b5a49382716050403020100",
    "timings_ms": Timings(
        total=1234.5,
        upstream_headers=310.25,
        first_byte=311.5,
        first_token=320.125,
        inter_token_p50=9.5,
        inter_token_p99=31.75,
        proxy_overhead=0.375,
    ),
    "usage": Usage(input=1000, output=200, cache_read=512, reasoning=0),
    "body_ref": f"bodies/{REQUEST_ID}",
    "request_body": "kept",
    "response_body": "kept",
}


def fields(**changes: Any) -> dict[str, Any]:
    """The fields of a typical streamed exchange of about 2 KB, changed as given."""
    return TYPICAL | changes


def record(**changes: Any) -> Record:
    """A typical record, changed as given."""
    return Record(**fields(**changes))
