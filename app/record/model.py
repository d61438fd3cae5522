"""The record: one message per exchange, metadata only (envelope v1).

Token counts follow one convention for every dialect: `input` counts all prompt tokens, those read
from and written to a cache included; `output` counts all generated tokens, reasoning included. The
other kinds of tokens are parts of those two, never additions. None means "not reported", 0
"reported 0". What is billed by something else than tokens is counted in `OTHER_UNITS`.

A field that may be absent says what absence means; on the wire, absent and null are the same. Every
text is bounded and free of control characters, so that a record is never larger than 64 KiB.
Producers build with `app.record.build.build_record`, which clips where this module refuses.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.record.fields import (
    MAX_USER_BYTES,
    TENANT_PATTERN,
    Count,
    Line,
    Millis,
    Name,
    Path,
    Properties,
    Rate,
    RequestId,
    Tenant,
    Tokens,
    User,
    UtcTime,
    Word,
)

__all__ = [
    "ANONYMOUS_USER",
    "DEFAULT_TENANT",
    "MAX_USER_BYTES",
    "OTHER_UNITS",
    "SCHEMA_VERSION",
    "TENANT_PATTERN",
    "TOKEN_KINDS",
    "BodyState",
    "Outcome",
    "Record",
    "Timings",
    "Usage",
    "WireModel",
]

SCHEMA_VERSION: Literal[1] = 1
DEFAULT_TENANT = "default"
ANONYMOUS_USER = "anonymous"

Outcome = Literal["completed", "client_abort", "upstream_error", "timeout", "refused", "refusal"]
BodyState = Literal["kept", "empty", "omitted", "too_large", "dropped"]


class WireModel(BaseModel):
    """A frozen model whose unknown fields are ignored: newer producers may add some."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Usage(WireModel):
    """Tokens by kind; `estimated` is true where we counted because the upstream did not say.

    `cache_write` counts all tokens written to a cache, those kept for an hour included;
    `cache_write_1h` is that part. `cache_audio_read` and `cache_image_read` are parts of both
    `cache_read` and `audio_input` or `image_input`.

    No tokens, but billed: `web_searches` calls, `images` made, `audio_input_ms` of sound heard.
    """

    input: Tokens | None = None
    output: Tokens | None = None
    cache_read: Tokens | None = None
    cache_write: Tokens | None = None
    cache_write_1h: Tokens | None = None
    reasoning: Tokens | None = None
    audio_input: Tokens | None = None
    audio_output: Tokens | None = None
    image_input: Tokens | None = None
    image_output: Tokens | None = None
    cache_audio_read: Tokens | None = None
    cache_image_read: Tokens | None = None
    web_searches: Tokens | None = None
    images: Tokens | None = None
    audio_input_ms: Tokens | None = None
    estimated: bool = False


OTHER_UNITS = ("web_searches", "images", "audio_input_ms")
TOKEN_KINDS = tuple(name for name in Usage.model_fields if name not in ("estimated", *OTHER_UNITS))


class Timings(WireModel):
    """Milliseconds since the request's first byte came in, except gaps and `upstream`.

    `first_token` is the first visible token of a stream, `first_reasoning_token` the first that
    tells of its thinking; None where there was none. Gaps are those between visible tokens.
    `proxy_overhead` is what the relay itself added before the request had gone up, `upstream` the
    time from then to the end: the provider's, and the client's for taking the answer.
    """

    total: Millis
    upstream_headers: Millis | None = None
    first_byte: Millis | None = None
    first_token: Millis | None = None
    inter_token_p50: Millis | None = None
    inter_token_p99: Millis | None = None
    proxy_overhead: Millis | None = None
    first_reasoning_token: Millis | None = None
    upstream: Millis | None = None


class Record(WireModel):
    """One exchange. `tenant` + `request_id` are its identity everywhere.

    Never in it: credentials, cookies, secrets of query strings. `attempt` counts dead-letter
    replays. `sequence` numbers the records of one `producer_id` without gaps.

    Absent means: `schema_version` 1; `tenant` the default one; `user` anonymous; `attempt` never
    replayed; `status` no response came; `model` neither the upstream
    named one nor the client in `Tailrace-Model-Override`, which outranks it; `usage` none reported;
    `client_retry_count` the client did not say; `service_tier` the upstream named none, which is
    billed as its standard one; `reported_cost_nano_usd` the upstream told no cost of its own;
    `output_tokens_per_s` there was no stream of several tokens, or they were not counted; any other
    text: not sent.

    `refused` is a call not passed on. `refusal` is an answer that the model or its provider
    withheld: complete, priced as any other, and no error.
    `output_tokens_per_s` is that of a stream from its first token, of reasoning or visible, to its
    last one.
    """

    schema_version: Literal[1] = SCHEMA_VERSION
    # identity
    tenant: Tenant = DEFAULT_TENANT
    request_id: RequestId
    client_request_id: Name | None = None
    key_id: Word | None = None
    user: User = ANONYMOUS_USER
    session_id: Name | None = None
    session_name: Name | None = None
    session_path: Line | None = None
    properties: Properties = Field(default_factory=dict)
    traceparent: Name | None = None
    # producer
    producer_id: Name
    sequence: Count
    produced_at: UtcTime
    attempt: Count = 0
    # request
    provider: Word
    dialect: Word
    upstream_url: Line
    path: Path
    method: Word
    model_requested: Name | None = None
    stream: bool = False
    request_bytes: Count = 0
    started_at: UtcTime
    client_retry_count: Count | None = None
    # response
    status: Annotated[int, Field(ge=100, le=999)] | None = None
    outcome: Outcome
    error: Line | None = None
    model: Name | None = None
    finish_reason: Word | None = None
    response_bytes: Count = 0
    provider_request_id: Name | None = None
    service_tier: Word | None = None
    reported_cost_nano_usd: Count | None = None
    timings_ms: Timings
    output_tokens_per_s: Rate | None = None
    usage: Usage | None = None
    # bodies: `body_ref` is null when neither side was kept; the states give the reason per side
    body_ref: Line | None = None
    request_body: BodyState = "empty"
    response_body: BodyState = "empty"
