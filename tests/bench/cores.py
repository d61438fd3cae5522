"""Which core a benchmark's processes have: what is measured has one to itself.

Load, upstream and broker have the other. A broker is on machines of its own where it matters; here
it gets what load and upstream leave of theirs (SCHED_IDLE, sched(7)), so that no call waits for it.
"""

import os
from collections.abc import Iterable
from pathlib import Path


def apart(measured: Iterable[int], around: Iterable[int], broker: int) -> None:
    """Give these processes their cores; 0 is this one. Threads that they start later are with them.

    Of those around, all that run already are, too; of the measured ones, that of the event loop.
    """
    for pid in measured:
        os.sched_setaffinity(pid, {0})
    last = (os.cpu_count() or 1) - 1
    for pid in (*around, broker):
        for thread in threads(pid):
            os.sched_setaffinity(thread, {last})
    for thread in threads(broker):
        os.sched_setscheduler(thread, os.SCHED_IDLE, os.sched_param(0))


def threads(pid: int) -> list[int]:
    """The threads of a process."""
    return [int(each.name) for each in Path(f"/proc/{pid or 'self'}/task").iterdir()]
