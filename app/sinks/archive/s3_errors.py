"""What S3, its imitators and botocore say, as our errors: the one place that knows their names.

The codes are those of the S3 API's list of error responses; a HEAD has no body, so that only its
status is told. What an operator can mend is `StoreUnavailable` as well: nothing is given up for a
bucket that is gone or a key that has expired.
"""

from collections.abc import Mapping
from typing import Any

import aiohttp
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    CredentialRetrievalError,
    NoCredentialsError,
    ParamValidationError,
    PartialCredentialsError,
)

from app.errors import SinkRefused, StoreUnavailable, Unavailable

FOREIGN = (BotoCoreError, ClientError, aiohttp.ClientError, OSError, TimeoutError, Unavailable)
OWNED = frozenset({"BucketAlreadyOwnedByYou", "BucketAlreadyExists"})
NO_OBJECT = frozenset({"NoSuchKey"})
NO_BYTES = frozenset({"InvalidRange", "416"})
NO_BUCKET = frozenset({"NoSuchBucket"})
NO_UPLOAD = frozenset({"NoSuchUpload"})
REFUSED = frozenset(
    {
        *("AccessDenied", "AccountProblem", "AllAccessDisabled", "AuthorizationHeaderMalformed"),
        *("ExpiredToken", "ExpiredTokenException", "InvalidAccessKeyId", "InvalidSecurity"),
        *("InvalidToken", "NotSignedUp", "RequestTimeTooSkewed", "SignatureDoesNotMatch"),
        *("TokenRefreshRequired", "KMS.AccessDeniedException", "KMS.DisabledException"),
        *("InvalidClientTokenId", "UnrecognizedClientException"),
    }
)
THROTTLED = frozenset(
    {
        *("SlowDown", "ServiceUnavailable", "RequestLimitExceeded", "Throttling"),
        *("ThrottlingException", "TooManyRequests", "BandwidthLimitExceeded", "Busy"),
    }
)
PASSING = frozenset({"RequestTimeout", "OperationAborted", "InternalError", "BadDigest"})
NO_KEYS = (NoCredentialsError, PartialCredentialsError, CredentialRetrievalError)
MAX_RETRY_AFTER_S = 300.0


def code_of(error: ClientError) -> str:
    """The error's code; of an answer without a body it is the status."""
    return str(error.response.get("Error", {}).get("Code", ""))


def status_of(error: ClientError) -> int:
    """The HTTP status, 0 where there was none."""
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") or 0)


def mapped(error: BaseException) -> StoreUnavailable | SinkRefused:
    """Our error for one of `FOREIGN`; its text names the cause and no secret."""
    if isinstance(error, ClientError):
        return _of_answer(error)
    if isinstance(error, NO_KEYS):
        return StoreUnavailable("refused", f"no credentials: {type(error).__name__}")
    if isinstance(error, ParamValidationError):
        return SinkRefused(f"S3 cannot be asked for this: {error}")
    return StoreUnavailable("down", _words(error))


def _of_answer(error: ClientError) -> StoreUnavailable | SinkRefused:
    code, status = code_of(error), status_of(error)
    message = f"{error.operation_name} answered {status} {code}"
    if code in NO_BUCKET:
        return StoreUnavailable("no_bucket", message)
    if code in THROTTLED or status in (429, 503):
        return StoreUnavailable("throttled", message, _retry_after_s(error))
    if code in REFUSED or status in (401, 403):
        return StoreUnavailable("refused", message)
    if code in PASSING or status >= 500 or status == 0:
        return StoreUnavailable("down", message)
    detail = str(error.response.get("Error", {}).get("Message", ""))
    return SinkRefused(f"{message}: {detail}"[:500])


def _retry_after_s(error: ClientError) -> float | None:
    headers: Mapping[str, Any] = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    value = str(headers.get("retry-after", ""))
    return min(float(value), MAX_RETRY_AFTER_S) if value.isascii() and value.isdigit() else None


def _words(error: BaseException) -> str:
    text = str(error)
    return f"{type(error).__name__}: {text}"[:300] if text else type(error).__name__
