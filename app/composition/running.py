"""Running a process to its end: the event loop, the signals, the log."""

import asyncio
import gc
import signal

import uvloop

from app.composition.host import Process
from app.logs import set_up_logging
from app.tasks import spawn
from config import Settings


def run_process(settings: Settings) -> int:
    """Run until SIGTERM or SIGINT; 0 after an orderly stop, 1 after a second signal.

    Raises: StartError.
    """
    set_up_logging(settings.log.level, settings.log.format)
    process = Process(settings)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(process))


async def _serve(process: Process) -> int:
    loop = asyncio.get_running_loop()
    first, second = asyncio.Event(), asyncio.Event()

    def on_signal() -> None:
        (second if first.is_set() else first).set()

    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, on_signal)
    await process.host.start()
    gc.freeze()
    await first.wait()
    stopping = spawn(process.host.stop(), name="stop")
    again = spawn(second.wait(), name="second-signal")
    await asyncio.wait({stopping, again}, return_when=asyncio.FIRST_COMPLETED)
    again.cancel()
    return 0 if stopping.done() else 1
