"""How long reading what passes holds the event loop at a stretch: `python -m tests.bench.reading`.

Each body goes through a capture in chunks of several sizes; printed is the longest single step, the
least of some runs, as another process may take the core away in any of them. Above a millisecond
other calls feel it.
"""

import gc
import time
from collections.abc import Callable
from typing import Any

import orjson

from proxy.capture.capture import Capture
from tests.support.captures import LIMITS, call_meta, ended

RUNS = 5
CHUNK_BYTES = (4 << 10, 64 << 10, 256 << 10)
JSON, STREAM = "application/json", "text/event-stream"
DENSE: Any = {"a": 1, "b": [2, 3, {"c": None}]}


def bodies() -> list[tuple[str, str, str, bytes]]:
    """Name, path, content type and bytes of each."""
    chat, responses = "/v1/chat/completions", "/v1/responses"
    talk = [{"role": "user", "content": "hello world " * 80}] * 1300
    said = [{"type": "message", "content": [{"type": "output_text", "text": "x" * 40}]}] * 15_000
    done = {"model": "m", "output": said, "usage": {"input_tokens": 1, "output_tokens": 2}}
    delta = {"id": "c", "choices": [{"index": 0, "delta": {"content": "hello"}}]}
    return [
        ("messages of text", chat, JSON, orjson.dumps({"model": "m", "messages": talk})),
        ("small objects", chat, JSON, orjson.dumps({"model": "m", "messages": [DENSE] * 45_000})),
        ("small objects, 48 KB", chat, JSON, orjson.dumps({"messages": [DENSE] * 1690})),
        ("a stream's tokens", chat, STREAM, b"data: %b\n\n" % orjson.dumps(delta) * 15_000),
        (
            "response.completed",
            responses,
            STREAM,
            b"data: %b\n\n" % orjson.dumps({"type": "response.completed", "response": done}),
        ),
    ]


def longest_step_ms(path: str, content_type: str, body: bytes, size: int) -> float:
    """Of one exchange whose request, or stream, is this."""
    capture, longest_s = Capture(call_meta(path=path), LIMITS, "openai"), 0.0

    def step(act: Callable[..., object], *given: object) -> None:
        nonlocal longest_s
        began_s = time.perf_counter()
        act(*given)
        longest_s = max(longest_s, time.perf_counter() - began_s)

    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    for chunk in chunks if content_type == JSON else [b"{}"]:
        step(capture.feed_request, chunk)
    step(capture.request_sent, 100.1)
    capture.response_started(200, content_type, "", None, 101.0)
    for chunk in chunks:
        step(capture.feed_response, [chunk], [101.5])
    step(ended, capture)
    return longest_s * 1000


def main() -> None:
    """Print the table."""
    gc.disable()
    print(f"{'longest step, ms':24}" + "".join(f"{size >> 10:>7} KB" for size in CHUNK_BYTES))
    for name, path, content_type, body in bodies():
        steps = [
            min(longest_step_ms(path, content_type, body, size) for _ in range(RUNS))
            for size in CHUNK_BYTES
        ]
        print(f"{name:24}" + "".join(f"{step:10.2f}" for step in steps))


if __name__ == "__main__":
    main()
