"""The client's body on its way to the upstream: streamed, watched, a copy to the call."""

import asyncio
from collections.abc import Awaitable, Callable

import aiohttp
from aiohttp.web import RequestPayloadError

from app.errors import ClientGone, RelayRefused, TailraceError, UpstreamTimeout


class Upload:
    """An async iterator of the body's chunks, each as it came in.

    `on_chunk` sees every chunk, `on_end` the end and how many seconds the way up took.
    `before_first` is awaited before the first wait for the client. While `timer` is set, every
    step moves it on, so that a client that stops sending and an upstream that stops taking both
    end it; `stalled()` then says who it was.
    """

    def __init__(
        self,
        reader: aiohttp.StreamReader,
        idle_s: float,
        on_chunk: Callable[[bytes], None],
        on_end: Callable[[float], None],
        before_first: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._reader = reader
        self._idle_s = idle_s
        self._on_chunk = on_chunk
        self._on_end = on_end
        self._before_first = before_first
        self._waits_for_client = False
        self._loop = asyncio.get_running_loop()
        self._began_s = self._loop.time()
        self.timer: asyncio.Timeout | None = None
        self.error: TailraceError | None = None

    @property
    def unasked(self) -> bool:
        """Whether the client still waits to be told to send its body."""
        return self._before_first is not None

    def __aiter__(self) -> "Upload":
        """Itself: the body passes once."""
        return self

    async def __anext__(self) -> bytes:
        """The next chunk. Raises: ClientGone, RelayRefused (`invalid_body`); kept in `error`."""
        try:
            chunk = self._reader.read_nowait() or await self._wait()
        except RequestPayloadError as exc:
            self.error = RelayRefused(400, "invalid_body", "the request's body is not valid HTTP")
            raise self.error from exc
        except (OSError, RuntimeError, aiohttp.ClientError) as exc:
            self.error = ClientGone("the connection broke before the request's end")
            raise self.error from exc
        if not chunk:
            self._move(None)
            self._on_end(self._loop.time() - self._began_s)
            raise StopAsyncIteration
        self._waits_for_client = False
        self._move(self._idle_s)
        self._on_chunk(chunk)
        return chunk

    def stalled(self) -> TailraceError:
        """Who kept the upload waiting for too long."""
        if self._waits_for_client:
            return ClientGone("the client sends no more data")
        return UpstreamTimeout("idle")

    async def _wait(self) -> bytes:
        if self._reader.at_eof():
            return b""
        if self._before_first is not None:
            tell, self._before_first = self._before_first, None
            await tell()
        self._waits_for_client = True
        self._move(self._idle_s)
        return await self._reader.readany()

    def _move(self, limit_s: float | None) -> None:
        if self.timer is not None and not self.timer.expired():
            self.timer.reschedule(None if limit_s is None else self._loop.time() + limit_s)
