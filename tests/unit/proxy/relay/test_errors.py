import orjson
import pytest

from app.errors import (
    ClientGone,
    RelayRefused,
    TailraceError,
    UpstreamProtocolError,
    UpstreamRefused,
    UpstreamReset,
    UpstreamTimeout,
)
from proxy.relay.errors import Fault, fault_of, shape

FAULTS = [
    (RelayRefused(404, "unknown_upstream", "no"), 404, "unknown_upstream", "refused"),
    (RelayRefused(400, "invalid_header", "no"), 400, "invalid_header", "refused"),
    (UpstreamRefused("x"), 502, "upstream_unreachable", "upstream_error"),
    (UpstreamReset("x"), 502, "upstream_reset", "upstream_error"),
    (UpstreamProtocolError("x"), 502, "upstream_protocol", "upstream_error"),
    (UpstreamTimeout("connect"), 504, "upstream_timeout_connect", "timeout"),
    (UpstreamTimeout("first_byte"), 504, "upstream_timeout_first_byte", "timeout"),
    (UpstreamTimeout("idle"), 504, "upstream_timeout_idle", "timeout"),
    (ClientGone("x"), 408, "client_stalled", "client_abort"),
    (TailraceError("x"), 500, "relay_failed", "upstream_error"),
]


@pytest.mark.parametrize(("error", "status", "code", "outcome"), FAULTS)
def test_the_table(error: TailraceError, status: int, code: str, outcome: str) -> None:
    fault = fault_of(error)
    assert (fault.status, fault.code, fault.outcome) == (status, code, outcome)
    assert fault.message


def test_what_a_foreign_error_said_is_not_told() -> None:
    assert "10.0.0.1" not in fault_of(UpstreamRefused("no connection to 10.0.0.1:443")).message


def body(status: int, dialect: str) -> object:
    return orjson.loads(shape(Fault(status, "a_code", "why", "refused"), dialect, "id-1"))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (404, "not_found_error"),
        (429, "rate_limit_error"),
        (502, "api_error"),
    ],
)
def test_openai_shape(status: int, kind: str) -> None:
    error = {"message": "why", "type": kind, "param": None, "code": "a_code"}
    assert body(status, "openai") == {"error": error}


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, "invalid_request_error"),
        (413, "request_too_large"),
        (504, "timeout_error"),
        (502, "api_error"),
    ],
)
def test_anthropic_shape(status: int, kind: str) -> None:
    assert body(status, "anthropic") == {
        "type": "error",
        "error": {"type": kind, "message": "why"},
        "request_id": "id-1",
    }


@pytest.mark.parametrize(
    ("status", "name"),
    [(400, "INVALID_ARGUMENT"), (404, "NOT_FOUND"), (502, "UNAVAILABLE"), (500, "INTERNAL")],
)
def test_gemini_shape(status: int, name: str) -> None:
    assert body(status, "gemini") == {"error": {"code": status, "message": "why", "status": name}}


@pytest.mark.parametrize("dialect", ["raw", "something-else"])
def test_raw_shape(dialect: str) -> None:
    assert body(400, dialect) == {"error": {"code": "a_code", "message": "why", "field": None}}
