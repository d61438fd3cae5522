"""ClickHouse's own engine as a child, reached like a ClickHouse server; tables are durable."""

import sys
from importlib.util import find_spec

import aiohttp

from app.embedded.children import ChildSpec
from app.embedded.data_dir import DataDir
from app.embedded.ports import LOOPBACK
from app.errors import StartError
from config.child_environment import plain_environment

PREFERRED_PORT = 18_123
DATABASE = "tailrace"
USER = "tailrace"
PASSWORD = "analytics-password"  # noqa: S105 - the secret's name
PROBE_TIMEOUT = aiohttp.ClientTimeout(total=5)


def analytics_url(data_dir: DataDir, port: int) -> str:
    """The URL with its password: what TAILRACE_ANALYTICS__URL takes."""
    return f"clickhouse://{USER}:{data_dir.secret(PASSWORD)}@{LOOPBACK}:{port}/{DATABASE}"


def analytics_child(data_dir: DataDir, port: int) -> ChildSpec:
    """The engine on a loopback port; ready when its database is there. Raises: StartError."""
    if find_spec("chdb") is None:
        raise StartError(
            "the embedded analytics engine is not installed: pip install 'tailrace[embedded]' (it"
            " exists for Linux and macOS; elsewhere name a ClickHouse by TAILRACE_ANALYTICS__URL)"
        )
    password = data_dir.secret(PASSWORD)
    data_dir.analytics.mkdir(parents=True, exist_ok=True)
    return ChildSpec(
        name="analytics engine",
        command=(
            *(sys.executable, "-m", "app.embedded.analytics_child"),
            *("--data", str(data_dir.analytics), "--port", str(port)),
            *("--password-file", str(data_dir.root / "secrets" / PASSWORD)),
        ),
        environment=plain_environment(),
        log_path=data_dir.log("analytics"),
        probe=lambda: make_database(port, password),
    )


async def make_database(port: int, password: str) -> bool:
    """Make the database where it is missing; whether the engine answers and it is there."""
    statement = f"CREATE DATABASE IF NOT EXISTS {DATABASE}"
    try:
        async with (
            aiohttp.ClientSession(timeout=PROBE_TIMEOUT) as session,
            session.post(
                f"http://{LOOPBACK}:{port}/",
                data=statement,
                headers={"X-ClickHouse-User": USER, "X-ClickHouse-Key": password},
            ) as response,
        ):
            return response.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
