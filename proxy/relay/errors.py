"""Our own errors, told in the shape of the API that was called.

One table says which of our errors is which status and code; one function per dialect says how it
looks. `tailrace-error: <code>` on the response tells ours from the provider's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from app.errors import (
    ClientGone,
    RelayRefused,
    TailraceError,
    UpstreamProtocolError,
    UpstreamRefused,
    UpstreamReset,
    UpstreamTimeout,
)
from app.record.model import Outcome

OPENAI_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
}
ANTHROPIC_TYPES: Final = OPENAI_TYPES | {413: "request_too_large", 504: "timeout_error"}
GEMINI_STATUSES: Final = {
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    408: "DEADLINE_EXCEEDED",
    429: "RESOURCE_EXHAUSTED",
    502: "UNAVAILABLE",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """An error of ours as the client is told it, and the outcome it gives the record."""

    status: int
    code: str
    message: str
    outcome: Outcome


TIMEOUT_MESSAGES: Final = {
    "connect": "the upstream could not be connected to in time",
    "first_byte": "the upstream did not begin to answer in time",
    "idle": "the upstream stopped moving data",
}


def fault_of(error: TailraceError) -> Fault:
    """The one table from our errors to what the client is told."""
    match error:
        case RelayRefused():
            return Fault(error.status, error.code, str(error), "refused")
        case ClientGone():
            return Fault(408, "client_stalled", "the request did not come in time", "client_abort")
        case UpstreamTimeout():
            code = f"upstream_timeout_{error.kind}"
            return Fault(504, code, TIMEOUT_MESSAGES[error.kind], "timeout")
        case UpstreamRefused():
            message = "the upstream could not be reached"
            return Fault(502, "upstream_unreachable", message, "upstream_error")
        case UpstreamReset():
            message = "the upstream broke the connection"
            return Fault(502, "upstream_reset", message, "upstream_error")
        case UpstreamProtocolError():
            message = "the upstream's answer is not valid HTTP"
            return Fault(502, "upstream_protocol", message, "upstream_error")
        case _:
            return Fault(500, "relay_failed", "the relay failed", "upstream_error")


def shape(fault: Fault, dialect: str, request_id: str) -> bytes:
    """The error as JSON in the dialect's shape; an unknown dialect gets the raw one."""
    return orjson.dumps(SHAPES.get(dialect, _raw)(fault, request_id))


def _openai(fault: Fault, request_id: str) -> dict[str, Any]:
    default = "api_error" if fault.status >= 500 else "invalid_request_error"
    kind = OPENAI_TYPES.get(fault.status, default)
    error = {"message": fault.message, "type": kind, "param": None, "code": fault.code}
    return {"error": error}


def _anthropic(fault: Fault, request_id: str) -> dict[str, Any]:
    default = "api_error" if fault.status >= 500 else "invalid_request_error"
    kind = ANTHROPIC_TYPES.get(fault.status, default)
    error = {"type": kind, "message": fault.message}
    return {"type": "error", "error": error, "request_id": request_id}


def _gemini(fault: Fault, request_id: str) -> dict[str, Any]:
    default = "INTERNAL" if fault.status >= 500 else "INVALID_ARGUMENT"
    status = GEMINI_STATUSES.get(fault.status, default)
    return {"error": {"code": fault.status, "message": fault.message, "status": status}}


def _raw(fault: Fault, request_id: str) -> dict[str, Any]:
    return {"error": {"code": fault.code, "message": fault.message, "field": None}}


SHAPES: Final[dict[str, Callable[[Fault, str], dict[str, Any]]]] = {
    "openai": _openai,
    "anthropic": _anthropic,
    "gemini": _gemini,
}
