"""A child that ends is started again, with waits that grow while it goes on failing."""

import asyncio
from collections.abc import Awaitable, Callable

from app.embedded.children import Child
from app.engine.backoff import Backoff
from app.errors import StartError


async def keep_running(
    child: Child,
    *,
    announce: Callable[[str], None],
    backoff: Backoff,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Start the child again whenever it ends, until cancelled; say so each time in one line.

    Only for a child whose data outlive it.
    """
    while True:
        how = await child.wait()
        wait_s = backoff.next_s()
        announce(f"the {child.spec.name} has ended ({how}); starting it again in {wait_s:.1f} s")
        await sleep(wait_s)
        try:
            await child.start()
        except StartError as error:
            announce(str(error))
            continue
        backoff.reset()
        announce(f"the {child.spec.name} is back")
