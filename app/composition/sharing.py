"""Several processes in role `proxy` on one port: the parent's side, and what a child gets."""

import asyncio
import logging
import random
import sys

from app.embedded.data_dir import DataDir, Lock
from app.engine.backoff import Backoff
from app.errors import StartError
from app.logs import set_up_logging
from app.processes.share import Sockets
from app.processes.supervisor import Command, Supervisor
from config import Settings
from config.child_environment import worker_environment

logger = logging.getLogger(__name__)
MAX_PROCESSES = 64
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 30.0
MARGIN_S = 10.0
MODULE = "app"
PROXY_ALONE = (
    "--processes needs TAILRACE_ROLE=proxy, this is {role}: a worker holds partitions that others"
    " ask it for, so it needs an address of its own. Start workers with --instance N, each on its"
    " own port, and the relay beside them as `proxy`"
)


def check(settings: Settings, count: int) -> None:
    """Return if that many processes can share a port. Raises: StartError."""
    if not 1 <= count <= MAX_PROCESSES:
        raise StartError(f"--processes {count}: allowed is 1 to {MAX_PROCESSES}")
    if settings.role != "proxy":
        raise StartError(PROXY_ALONE.format(role=settings.role))


def run_processes(settings: Settings, count: int) -> int:
    """Run so many until SIGTERM or SIGINT; 0 if all stopped in order.

    Raises: StartError, if the port is taken, or another parent runs in this data directory.
    """
    check(settings, count)
    set_up_logging(settings.log.level, settings.log.format)
    with Lock(DataDir.at(settings.data_dir / "instances" / settings.instance)):
        sockets = Sockets(settings.web.bind, settings.web.port, count)
        try:
            return asyncio.run(_supervise(settings, count, sockets))
        finally:
            sockets.close()


async def _supervise(settings: Settings, count: int, sockets: Sockets) -> int:
    def command(number: int) -> Command:
        share = sockets.share(number)
        told = {
            "INSTANCE": f"{settings.instance}.{number}",
            "WEB__PORT": str(sockets.port),
        }
        return Command(
            (sys.executable, "-m", MODULE, "worker", "--share", share.encode()),
            worker_environment(told),
            sockets.descriptors(share),
        )

    own = ", ".join(map(str, sockets.ports))
    logger.info("%d processes on port %d; each alone on loopback: %s", count, sockets.port, own)
    supervisor = Supervisor(
        command,
        count,
        backoff=lambda: Backoff(FIRST_WAIT_S, LONGEST_WAIT_S, random.random),
        on_stop=sockets.refuse,
        # The children bound the stages of their stop themselves.
        stop_timeout_s=settings.web.shutdown_grace_s
        + 2 * settings.publish.drain_timeout_s
        + MARGIN_S,
    )
    return await supervisor.run()
