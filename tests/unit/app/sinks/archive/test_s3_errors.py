"""What others say, as our errors."""

from typing import Any

import aiohttp
import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ParamValidationError,
)

from app.errors import SinkRefused, StoreUnavailable, Unavailable
from app.sinks.archive.s3_errors import FOREIGN, mapped


def answer(status: int, code: str, headers: dict[str, str] | None = None) -> ClientError:
    told: Any = {
        "Error": {"Code": code, "Message": "why"},
        "ResponseMetadata": {"HTTPStatusCode": status, "HTTPHeaders": headers or {}},
    }
    return ClientError(told, "PutObject")


@pytest.mark.parametrize(
    ("error", "state"),
    [
        (answer(404, "NoSuchBucket"), "no_bucket"),
        (answer(403, "403"), "refused"),
        (answer(400, "ExpiredToken"), "refused"),
        (answer(503, "503"), "throttled"),
        (answer(200, "SlowDown"), "throttled"),
        (answer(200, "InternalError"), "down"),
        (answer(502, "BadGateway"), "down"),
        (ClientError({}, "PutObject"), "down"),
        (NoCredentialsError(), "refused"),
        (EndpointConnectionError(endpoint_url="http://x"), "down"),
        (ConnectTimeoutError(endpoint_url="http://x"), "down"),
        (aiohttp.ClientPayloadError("cut short"), "down"),
        (ConnectionResetError(), "down"),
        (TimeoutError(), "down"),
        (Unavailable("stopped"), "down"),
    ],
    ids=repr,
)
def test_what_may_pass_has_a_state(error: Exception, state: str) -> None:
    assert isinstance(error, FOREIGN)
    found = mapped(error)
    assert isinstance(found, StoreUnavailable)
    assert found.state == state


@pytest.mark.parametrize(
    "error",
    [answer(400, "InvalidArgument"), answer(413, "EntityTooLarge"), answer(404, "NoSuchUpload")],
)
def test_what_is_wrong_stays_wrong(error: ClientError) -> None:
    found = mapped(error)
    assert isinstance(found, SinkRefused)
    assert "why" in str(found)


def test_a_request_that_cannot_be_made_is_refused() -> None:
    assert isinstance(mapped(ParamValidationError(report="no")), SinkRefused)


@pytest.mark.parametrize(("header", "wait_s"), [("3", 3.0), ("99999", 300.0), ("soon", None)])
def test_the_time_asked_for_is_bounded(header: str, wait_s: float | None) -> None:
    found = mapped(answer(503, "SlowDown", {"retry-after": header}))
    assert isinstance(found, StoreUnavailable)
    assert found.retry_after_s == wait_s
