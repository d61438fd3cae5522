-- Where the bodies of each exchange lie in the object store: one row, replaced by
-- (tenant, request_id).
--
-- Partition and sorting key are pure functions of the two, as in `exchanges`. Rows of one key name
-- different objects only after a replay, and each of these holds the same bodies: any is right.

CREATE TABLE IF NOT EXISTS bodies
(
    tenant LowCardinality(String),
    request_id String CODEC(ZSTD(1)),
    id_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),

    object String CODEC(ZSTD(1)),
    offset UInt64 CODEC(ZSTD(1)),
    length UInt64 CODEC(ZSTD(1)),

    -- null: that side is not there
    request_bytes Nullable(UInt64) CODEC(ZSTD(1)),
    response_bytes Nullable(UInt64) CODEC(ZSTD(1)),

    started_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1)),
    archived_at DateTime64(3, 'UTC') CODEC(Delta, ZSTD(1))
)
ENGINE = ReplacingMergeTree(archived_at)
PARTITION BY toYYYYMM(id_at)
ORDER BY (tenant, id_at, request_id);
