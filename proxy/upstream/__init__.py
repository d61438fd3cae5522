"""Calling a provider: one small Protocol, a client on sockets and a twin in memory.

    protocol.py        `UpstreamClient`, `UpstreamRequest`, `UpstreamResponse`, `Timeouts`
    http1/             `Http1Upstream`: pooled HTTP/1.1 of our own
    memory.py          `MemoryUpstream`: answers from a function, for tests and examples
    watchdog.py        `Watchdog`: one timer per response, moved without touching the loop

Both clients pass one conformance suite. Foreign errors become `UpstreamError`s here alone.
"""
