"""The worker as a child: its command, what it is told, when it serves."""

import sys
import time

import aiohttp

from app.embedded.broker import CATCH_UP_S
from app.embedded.children import ChildSpec
from app.embedded.data_dir import DataDir
from app.embedded.first_screen import web_url
from config import Settings
from config.child_environment import worker_environment

PROBE_TIMEOUT = aiohttp.ClientTimeout(total=5)
START_TIMEOUT_S = 90.0
# On a broker that is not ours a worker relays while it waits; it is shown as it is after this.
PATIENCE_S = 60.0
STOP_MARGIN_S = 15


class Readiness:
    """Asks `/health/ready`: `ok` is ready, and `degraded` once our patience is at its end."""

    def __init__(self, url: str, patience_s: float) -> None:
        """The patience begins at the first question."""
        self._url = f"{url}/health/ready"
        self._patience_s = patience_s
        self._asked_first_s: float | None = None

    async def __call__(self) -> bool:
        """Whether the worker serves."""
        now_s = time.monotonic()
        self._asked_first_s = now_s if self._asked_first_s is None else self._asked_first_s
        try:
            async with (
                aiohttp.ClientSession(timeout=PROBE_TIMEOUT) as session,
                session.get(self._url) as response,
            ):
                if response.status != 200:
                    return False
                state = await response.json()
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False
        return state.get("status") == "ok" or now_s - self._asked_first_s > self._patience_s


def worker_child(
    settings: Settings, data_dir: DataDir, variables: dict[str, str], token: str
) -> ChildSpec:
    """`tailrace worker` on the given services; its stop waits for open streams and the queue."""
    embedded = settings.embedded_broker
    told = {
        **variables,
        "DATA_DIR": str(data_dir.worker(embedded_broker=embedded)),
        "INTERNAL_TOKEN": token,
        "ACCESS__MODE": settings.access.mode,
    }
    if settings.webhooks.secret_key is None:
        told["WEBHOOKS__SECRET_KEY"] = data_dir.secret("webhooks")
    engine = settings.engine
    return ChildSpec(
        name="worker",
        command=(sys.executable, "-m", "app", "worker"),
        environment=worker_environment(told),
        log_path=data_dir.log("worker"),
        probe=Readiness(web_url(settings), float("inf") if embedded else PATIENCE_S),
        start_timeout_s=START_TIMEOUT_S,
        stop_timeout_s=(
            settings.web.shutdown_grace_s
            + settings.publish.drain_timeout_s
            + engine.drain_timeout_s
            + engine.flush_timeout_s
            + (CATCH_UP_S if embedded else engine.catch_up_timeout_s)
            + STOP_MARGIN_S
        ),
    )
