"""The record: one message per exchange, metadata only (envelope v1).

Token counts follow one convention for every dialect: `input` counts all prompt tokens, those read
from and written to a cache included; `output` counts all generated tokens, reasoning included. The
other kinds are parts of those two, never additions. None means "not reported"; 0 means "reported 0".
"""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION = 1
MAX_USER_BYTES = 256
TENANT_PATTERN = r"^[a-z0-9_-]{1,64}$"
DEFAULT_TENANT = "default"
ANONYMOUS_USER = "anonymous"

Outcome = Literal["completed", "client_abort", "upstream_error", "timeout", "refused"]
BodyState = Literal["kept", "empty", "omitted", "too_large"]
Count = Annotated[int, Field(ge=0)]
Millis = Annotated[float, Field(ge=0)]


class WireModel(BaseModel):
    """A frozen model whose unknown fields are ignored: newer producers may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Usage(WireModel):
    """Tokens by kind; `estimated` is true where we counted because the upstream did not say."""

    input: Count | None = None
    output: Count | None = None
    cache_read: Count | None = None
    cache_write: Count | None = None
    cache_write_1h: Count | None = None
    reasoning: Count | None = None
    audio_input: Count | None = None
    audio_output: Count | None = None
    estimated: bool = False


class Timings(WireModel):
    """Milliseconds since the request's first byte came in, except the inter-token gaps.

    `first_token` is the first visible token of a stream; None where there was none.
    `proxy_overhead` is what the relay itself added.
    """

    total: Millis
    upstream_headers: Millis | None = None
    first_byte: Millis | None = None
    first_token: Millis | None = None
    inter_token_p50: Millis | None = None
    inter_token_p99: Millis | None = None
    proxy_overhead: Millis | None = None


class Record(WireModel):
    """One exchange. `tenant` + `request_id` are its identity everywhere.

    Never in it: credentials, cookies, secrets of query strings. `attempt` counts dead-letter
    replays. `sequence` numbers the records of one `producer_id` without gaps.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    # identity
    tenant: Annotated[str, Field(pattern=TENANT_PATTERN)] = DEFAULT_TENANT
    request_id: Annotated[str, Field(pattern=r"^[0-9a-f-]{36}$")]
    client_request_id: str | None = None
    key_id: str | None = None
    user: Annotated[str, Field(min_length=1, max_length=MAX_USER_BYTES)] = ANONYMOUS_USER
    session_id: str | None = None
    session_name: str | None = None
    session_path: str | None = None
    properties: dict[str, str] = Field(default_factory=dict)
    traceparent: str | None = None
    # producer
    producer_id: str
    sequence: Count
    produced_at: datetime
    attempt: Count = 0
    # request
    provider: str
    dialect: str
    upstream_url: str
    path: str
    method: str
    model_requested: str | None = None
    stream: bool = False
    request_bytes: Count = 0
    started_at: datetime
    client_retry_count: Count | None = None
    # response
    status: int | None = None
    outcome: Outcome
    error: str | None = None
    model: str | None = None
    finish_reason: str | None = None
    response_bytes: Count = 0
    provider_request_id: str | None = None
    timings_ms: Timings
    usage: Usage | None = None
    # bodies: `body_ref` is null when neither side was kept; the states give the reason per side
    body_ref: str | None = None
    request_body: BodyState = "empty"
    response_body: BodyState = "empty"
