-- What came of each attempt to deliver a webhook: the log that an endpoint's owner reads.
--
-- Written in batches and not at all while the engine is away for long, so it tells what happened
-- and nothing is counted from it. A batch that is written again repeats its rows: they are told
-- apart by `attempt_id` when they are read. Rows go after 90 days.

CREATE TABLE IF NOT EXISTS deliveries
(
    tenant LowCardinality(String),
    endpoint_id String CODEC(ZSTD(1)),
    at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    attempt_id String CODEC(ZSTD(1)),

    webhook_id String CODEC(ZSTD(1)),
    -- empty for a test
    request_id String CODEC(ZSTD(1)),
    replay_id Nullable(String) CODEC(ZSTD(1)),
    kind LowCardinality(String),
    attempt UInt32 CODEC(ZSTD(1)),
    result LowCardinality(String),
    -- null: no answer came, `error` says why
    status Nullable(UInt16) CODEC(ZSTD(1)),
    took_ms Nullable(Float32) CODEC(ZSTD(1)),
    error Nullable(String) CODEC(ZSTD(1)),
    -- null: there is no next attempt
    next_at Nullable(DateTime64(3, 'UTC')) CODEC(ZSTD(1)),

    -- the deliveries of one exchange to all endpoints
    INDEX by_request request_id TYPE bloom_filter(0.01) GRANULARITY 4
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(at)
ORDER BY (tenant, endpoint_id, at, attempt_id)
TTL toDateTime(at) + INTERVAL 90 DAY;
