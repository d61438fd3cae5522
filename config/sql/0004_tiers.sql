-- What a provider says of its price, and two more timings: null is "not said", as in the record.

ALTER TABLE exchanges
    ADD COLUMN IF NOT EXISTS service_tier LowCardinality(Nullable(String)),
    ADD COLUMN IF NOT EXISTS reported_cost_nano_usd Nullable(UInt64) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS first_reasoning_token_ms Nullable(Float32) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS upstream_ms Nullable(Float32) CODEC(ZSTD(1));
