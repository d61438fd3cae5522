"""Running a process to its end: the event loop, the signals, the log."""

import asyncio
import gc
import os
import signal

import uvloop

from app.composition.host import Process
from app.logs import set_up_logging
from app.processes.share import Share
from config import Settings


def run_process(settings: Settings, share: Share | None = None) -> int:
    """Run until SIGTERM or SIGINT; 0 after an orderly stop; a second signal kills.

    One of several on a port (`share`) also stops when its parent is gone.

    Raises: StartError.
    """
    set_up_logging(settings.log.level, settings.log.format, settings.secrets())
    # The policy reaches the consumer's thread too, which makes a loop of its own.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    process = Process(settings, share)
    with asyncio.Runner() as runner:
        return runner.run(_serve(process, share))


async def _serve(process: Process, share: Share | None) -> int:
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()

    def on_signal() -> None:
        if stop.is_set():
            # As safe as SIGKILL: what was acknowledged is durable, the rest comes again.
            os.kill(os.getpid(), signal.SIGKILL)
        stop.set()

    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, on_signal)

    def on_orphaned(lifeline: int) -> None:
        loop.remove_reader(lifeline)
        stop.set()

    if share is not None:
        loop.add_reader(share.lifeline, on_orphaned, share.lifeline)
    await process.host.start()
    gc.freeze()
    await stop.wait()
    await process.host.stop()
    return 0
