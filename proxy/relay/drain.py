"""Reading on after the client left, so that the usage of what was paid for is known."""

import asyncio

from app.errors import UpstreamError
from app.tasks import spawn
from proxy.relay.call import CLIENT_LEFT, Call, Settled
from proxy.relay.headers import split_response
from proxy.upstream.protocol import UpstreamResponse


class Drains:
    """The responses that are read to their end without a client."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._open)

    def take(self, call: Call, coming: "asyncio.Task[Settled] | UpstreamResponse") -> None:
        """Read a response, or one still to come, to its end; then finish the call."""
        task = spawn(_read_on(call, coming), name="relay-drain")
        self._open.add(task)
        task.add_done_callback(self._open.discard)

    async def close(self, grace_s: float) -> None:
        """Give the open ones so many seconds, then abort them; each has its record either way."""
        if not self._open:
            return
        _, late = await asyncio.wait(self._open, timeout=grace_s)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)


async def _read_on(call: Call, coming: "asyncio.Task[Settled] | UpstreamResponse") -> None:
    response: UpstreamResponse | None = None
    reason = CLIENT_LEFT
    try:
        if isinstance(coming, asyncio.Task):
            settled = await coming
            if isinstance(settled, UpstreamError):
                raise settled
            response = settled
            call.response_started(response.status, split_response(response.headers))
        else:
            response = coming
        while chunk := await response.read():
            call.feed_response(chunk)
    except (UpstreamError, ValueError) as error:
        reason = f"{reason}; then: {error}"
    finally:
        if response is not None:
            response.abort()
        call.finish("client_abort", reason)
