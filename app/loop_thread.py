"""An event loop in a thread of its own, for clients that compute for longer than a relay may wait.

Making an S3 client takes 80 ms of CPU, signing a body of 8 MiB another 20: on the loop that relays,
every call under way would wait for it.
"""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from app.errors import Unavailable

T = TypeVar("T")


class LoopThread:
    """Runs coroutines elsewhere; started by the first of them."""

    def __init__(self, name: str) -> None:
        """No thread yet."""
        self._name = name
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    async def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """Its result, or what it raises; cancelled with the caller, who does not wait for its end.

        Needs no lock: it is called on one loop, and there is no await before the thread is there.
        Raises: Unavailable if the thread is stopped meanwhile.
        """
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            # A daemon: a call that hangs must not keep the process alive.
            self._thread = threading.Thread(
                target=self._loop.run_forever, name=self._name, daemon=True
            )
            self._thread.start()
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            caller = asyncio.current_task()
            if caller is not None and caller.cancelling():
                raise
            raise Unavailable(f"the thread {self._name} was stopped") from None

    async def stop(self) -> None:
        """Cancel what still runs and end the thread; again is harmless, and `run` starts anew."""
        loop, thread = self._loop, self._thread
        if loop is None or thread is None:
            return
        self._loop = self._thread = None
        await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_cancel_others(), loop))
        loop.call_soon_threadsafe(loop.stop)
        await asyncio.to_thread(thread.join)
        loop.close()


async def _cancel_others() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    await asyncio.get_running_loop().shutdown_asyncgens()
    await asyncio.get_running_loop().shutdown_default_executor()
