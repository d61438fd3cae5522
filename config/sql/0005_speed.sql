-- Output tokens per second of a stream: null is "not a stream, or not known", as in the record.

ALTER TABLE exchanges
    ADD COLUMN IF NOT EXISTS output_tokens_per_s Nullable(Float32) CODEC(ZSTD(1));
