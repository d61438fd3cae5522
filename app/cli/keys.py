"""`tailrace keys create|list|revoke`: who may ask, and in whose name."""

import argparse
import asyncio
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from app.access.directory import KIND, KeyDirectory
from app.access.keys import KeyEntry, Role, mint
from app.cli.connection import connection_of
from app.clock import SystemClock, utc
from app.control.contract import Control
from app.errors import StartError, Unavailable
from app.record.fields import TENANT_PATTERN
from app.record.model import DEFAULT_TENANT
from app.record.topics import Topics
from config import Settings, load_settings

EXIT_UNKNOWN = 1
WAIT_S = 20.0


def register(subparsers: Any) -> None:
    """Add the command and its three."""
    top = subparsers.add_parser("keys", help="access keys: for queries, the dashboard, the relay")
    commands = top.add_subparsers(dest="action", required=True, metavar="action")
    create = commands.add_parser("create", help="make a key, and show it this once")
    create.add_argument("--tenant", default=DEFAULT_TENANT, help="whose data it opens")
    create.add_argument("--name", default="", help="what it is for")
    create.add_argument("--admin", action="store_true", help="it may change things, too")
    commands.add_parser("list", help="every key, without its secret")
    revoke = commands.add_parser("revoke", help="from now on a key opens nothing")
    revoke.add_argument("key_id", help="as `list` prints it")


def run(arguments: argparse.Namespace) -> int:
    """Create, list or revoke; 1 for an unknown key. Raises: StartError."""
    settings = load_settings()
    try:
        return asyncio.run(_run(arguments, settings))
    except (Unavailable, TimeoutError) as exc:
        raise StartError(f"the keys cannot be reached: {exc or 'no broker answers'}") from exc


async def _run(arguments: argparse.Namespace, settings: Settings) -> int:
    from app.control.topic import ControlTopic
    from app.topic_admin import ensure_topics

    with tempfile.TemporaryDirectory(prefix="tailrace-keys-") as folder:
        topics, connection = Topics(settings.kafka.topic_prefix), connection_of(settings)
        await ensure_topics(
            [spec for spec in topics.specs() if spec.name == topics.control],
            partitions=1,
            replication_factor=settings.kafka.replication_factor,
            connection=connection,
        )
        control = ControlTopic(connection, topics.control, Path(folder) / "snapshot.json")
        await control.start()
        try:
            async with asyncio.timeout(WAIT_S):
                await control.until_live()
                return await carry_out(arguments, control)
        finally:
            await control.stop()


async def carry_out(arguments: argparse.Namespace, control: Control) -> int:
    """What the arguments ask for, on a control topic that is live. Raises: StartError."""
    keys = KeyDirectory()
    keys.replace(control.items(KIND))
    if arguments.action == "create":
        return await _create(arguments, control)
    if arguments.action == "list":
        for entry in keys.entries():
            print(line_of(entry))
        return 0
    return await _revoke(arguments.key_id, keys, control)


async def _create(arguments: argparse.Namespace, control: Control) -> int:
    if not re.fullmatch(TENANT_PATTERN, arguments.tenant):
        raise StartError(f"--tenant {arguments.tenant!r}: allowed is {TENANT_PATTERN}")
    role: Role = "admin" if arguments.admin else "tenant"
    try:
        entry, text = mint(arguments.tenant, role, arguments.name, utc(SystemClock().now_s()))
    except ValueError as exc:
        raise StartError(f"--name: {exc}") from exc
    await control.put(KIND, entry.key_id, entry.encode())
    print(text)
    print("It is shown this once; only its hash is kept.", file=sys.stderr)
    return 0


async def _revoke(key_id: str, keys: KeyDirectory, control: Control) -> int:
    for entry in keys.entries():
        if entry.key_id == key_id:
            revoked = entry.model_copy(update={"revoked_at": utc(SystemClock().now_s())})
            await control.put(KIND, key_id, revoked.encode())
            print(f"{key_id} is revoked")
            return 0
    print(f"tailrace: there is no key {key_id}", file=sys.stderr)
    return EXIT_UNKNOWN


def line_of(entry: KeyEntry) -> str:
    """A key on one line."""
    state = "in force" if entry.revoked_at is None else f"revoked {entry.revoked_at:%Y-%m-%d}"
    return (
        f"{entry.key_id}  {entry.role:6}  {entry.tenant:16}  {entry.created_at:%Y-%m-%d}"
        f"  {state:18}  {entry.name}"
    )
