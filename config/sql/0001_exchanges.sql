-- One row per exchange, replaced by (tenant, request_id).
--
-- Partition and sorting key are pure functions of tenant and request_id: `id_at` is the time inside
-- of the id (UUIDv7), or 1970-01-01 for an id without one. So the row of a replayed message always
-- meets the one it replaces, whatever batch it comes in. Among rows of one key the highest
-- `version` stays: that of the later metering, or of a later pricing.
--
-- LowCardinality is for what has tens of thousands of values at most: user, session and request ids
-- have one per user, session and exchange. Null is "not said", as in the record.

CREATE TABLE IF NOT EXISTS exchanges
(
    tenant LowCardinality(String),
    request_id String CODEC(ZSTD(1)),
    id_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    version UInt64 CODEC(Delta, ZSTD(1)),

    client_request_id Nullable(String) CODEC(ZSTD(1)),
    key_id LowCardinality(Nullable(String)),
    user String CODEC(ZSTD(1)),
    session_id Nullable(String) CODEC(ZSTD(1)),
    session_name Nullable(String) CODEC(ZSTD(1)),
    session_path Nullable(String) CODEC(ZSTD(1)),
    properties Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    traceparent Nullable(String) CODEC(ZSTD(1)),

    producer_id LowCardinality(String),
    sequence UInt64 CODEC(Delta, ZSTD(1)),
    produced_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    attempt UInt64 CODEC(ZSTD(1)),

    provider LowCardinality(String),
    dialect LowCardinality(String),
    upstream_url String CODEC(ZSTD(1)),
    path String CODEC(ZSTD(1)),
    method LowCardinality(String),
    model_requested LowCardinality(Nullable(String)),
    stream Bool,
    request_bytes UInt64 CODEC(ZSTD(1)),
    started_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    client_retry_count Nullable(UInt64) CODEC(ZSTD(1)),

    status Nullable(UInt16) CODEC(ZSTD(1)),
    outcome LowCardinality(String),
    is_error Bool,
    error Nullable(String) CODEC(ZSTD(1)),
    model LowCardinality(Nullable(String)),
    finish_reason LowCardinality(Nullable(String)),
    response_bytes UInt64 CODEC(ZSTD(1)),
    provider_request_id Nullable(String) CODEC(ZSTD(1)),

    total_ms Float32 CODEC(ZSTD(1)),
    upstream_headers_ms Nullable(Float32) CODEC(ZSTD(1)),
    first_byte_ms Nullable(Float32) CODEC(ZSTD(1)),
    first_token_ms Nullable(Float32) CODEC(ZSTD(1)),
    inter_token_p50_ms Nullable(Float32) CODEC(ZSTD(1)),
    inter_token_p99_ms Nullable(Float32) CODEC(ZSTD(1)),
    proxy_overhead_ms Nullable(Float32) CODEC(ZSTD(1)),

    -- every kind that was reported; those that all dialects have are columns as well
    usage Map(LowCardinality(String), UInt64) CODEC(ZSTD(1)),
    usage_estimated Nullable(Bool),
    input_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    output_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    cache_read_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    cache_write_tokens Nullable(UInt64) CODEC(ZSTD(1)),
    reasoning_tokens Nullable(UInt64) CODEC(ZSTD(1)),

    -- null is unknown, never 0; `prices` are those that were used, so that it can be checked
    cost_nano_usd Nullable(Int64) CODEC(ZSTD(1)),
    price_version LowCardinality(String),
    unpriced_reason LowCardinality(Nullable(String)),
    prices Map(LowCardinality(String), String) CODEC(ZSTD(1)),

    body_ref Nullable(String) CODEC(ZSTD(1)),
    request_body LowCardinality(String),
    response_body LowCardinality(String),

    -- where the meter read the record
    epoch LowCardinality(String),
    partition UInt32 CODEC(ZSTD(1)),
    offset UInt64 CODEC(Delta, ZSTD(1)),
    metered_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    stored_at DateTime64(3, 'UTC') DEFAULT now64(3) CODEC(Delta, ZSTD(1)),

    -- `started_at` is the same in every version of a row, so skipping by it is exact
    INDEX by_started_at started_at TYPE minmax GRANULARITY 1,
    INDEX by_user user TYPE bloom_filter(0.01) GRANULARITY 4,
    INDEX by_session session_id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree(version)
PARTITION BY toYYYYMM(id_at)
ORDER BY (tenant, id_at, request_id);
