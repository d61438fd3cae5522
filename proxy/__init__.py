"""The data path: calls pass through to providers, and a record of each flows away.

routes.py     which paths are relayed, and how the server must be run for it
relay/        one call: bytes up, bytes down, one record
upstream/     the client that calls providers, behind a small Protocol
identity.py   `Tailrace-*` and `Helicone-*` request headers
exchange.py   what relay, capture and publisher tell each other
capture/      the record of one exchange, made from copies of its bytes
dialects/     how each provider's API is read, one file each
sse.py        event streams;  decoding.py  gzip, deflate, br and zstd, bounded
json_*.py     where strings end, the objects of an array, what is small in a large object
publisher/    the bounded queue to the broker, else to a fallback, else to the disk
ingest/       records made elsewhere, and other proxies' fallback: `/api/v1/log`
mock/         a provider to try things with

relay ──bytes──▶ capture ──Finished──▶ publisher
"""
