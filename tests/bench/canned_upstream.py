"""An upstream that costs next to nothing: it reads a request and writes the same answer.

    python -m tests.bench.canned_upstream PORT

The answer is a chat completion of 1.6 KB, as a provider would send it, or of as many bytes as the
path asks for (`?bytes=30000`); where a stream is asked for, so many chunks of one token each, every
one written by itself, 10 ms apart or as the path says (`?pause_ms=200`).
"""

import asyncio
import random
import re
import sys
from functools import cache

import orjson
import uvloop

TEXT = "The quick brown fox jumps over the lazy dog. " * 28
SYLLABLES = tuple(first + vowel for first in "bdfklmnprst" for vowel in "aeiou")
ASKED = re.compile(rb"[?&](\w+)=(\d+)")


def completion(text: str) -> bytes:
    """A chat completion that says this."""
    message = {"role": "assistant", "content": text}
    return orjson.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_790_000_000,
            "model": "gpt-4o-mini",
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 250, "completion_tokens": 300, "total_tokens": 550},
        }
    )


def response(answer: bytes) -> bytes:
    """The answer below its head."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nx-request-id: req-1\r\n"
        b"Content-Length: %d\r\n\r\n"
    )
    return head % len(answer) + answer


RESPONSE = response(completion(TEXT))


@cache
def response_of(size: int) -> bytes:
    """One whose body has so many bytes; words that compress as prose does, not as a repetition."""
    chance = random.Random(1)
    words = ["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4))) for _ in range(4000)]
    room = size - len(completion(""))
    text = " ".join(chance.choices(words, k=room // 2))[:room]
    return response(completion(text))


STREAM = (
    b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nx-request-id: req-1\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n"
)
CHUNKS, PAUSE_S = 100, 0.01
TOKEN = orjson.dumps(
    {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": "gpt-4o-mini",
        "system_fingerprint": "fp_1",
        "choices": [{"index": 0, "delta": {"content": " word"}, "finish_reason": None}],
    }
)


def chunk(event: bytes) -> bytes:
    """An event in a chunk of its own."""
    data = b"data: %b\n\n" % event
    return b"%x\r\n%b\r\n" % (len(data), data)


class Upstream(asyncio.Protocol):
    """Answers each request as soon as all of it is there."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Nothing read yet."""
        self._transport = transport
        self._read = b""

    def data_received(self, data: bytes) -> None:
        """Answer what is whole."""
        self._read += data
        while (end := self._read.find(b"\r\n\r\n")) >= 0:
            lower = self._read[:end].lower()
            place = lower.find(b"content-length:")
            length = int(lower[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
            if len(self._read) < end + 4 + length:
                return
            is_stream = b'"stream":true' in self._read
            asked = dict(ASKED.findall(self._read[: self._read.find(b"\r\n")]))
            self._read = self._read[end + 4 + length :]
            if is_stream:
                self._transport.write(STREAM)  # type: ignore[attr-defined]
                pause_ms = asked.get(b"pause_ms")
                self._later(CHUNKS, int(pause_ms) / 1000 if pause_ms else PAUSE_S)
            else:
                size = asked.get(b"bytes")
                self._transport.write(response_of(int(size)) if size else RESPONSE)  # type: ignore[attr-defined]

    def _later(self, left: int, pause_s: float) -> None:
        asyncio.get_running_loop().call_later(pause_s, self._token, left, pause_s)

    def _token(self, left: int, pause_s: float) -> None:
        if left > 1:
            self._transport.write(chunk(TOKEN))  # type: ignore[attr-defined]
            self._later(left - 1, pause_s)
        else:
            self._transport.write(chunk(b"[DONE]") + b"0\r\n\r\n")  # type: ignore[attr-defined]


async def serve(port: int) -> None:
    """Answer until the process is killed."""
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(serve(int(sys.argv[1])))
