"""`tailrace topics create|check|copy`: every topic of the deployment, changelogs included."""

import argparse
import asyncio
from typing import Any

from app.cli.connection import connection_of
from app.errors import StartError, Unavailable
from app.record.topics import Topics
from app.topic_check import HOW_TO_CHANGE, PARTITIONS
from config import Settings, load_settings

EXIT_DIFFERENT = 1
PARTS = ("exchanges", "keys", "webhooks")
"""What can be copied: the records, and entries of the control topic."""


def register(subparsers: Any) -> None:
    """Add the command and its three."""
    top = subparsers.add_parser("topics", help="the topics of this deployment on the broker")
    commands = top.add_subparsers(dest="action", required=True, metavar="action")
    commands.add_parser("create", help="make those that are missing; the others stay as they are")
    commands.add_parser("check", help="name every difference to what the settings say")
    copy = commands.add_parser("copy", help="what another topic prefix retains, into this one")
    copy.add_argument("--from", dest="source", required=True, help="the other topic prefix")
    copy.add_argument(
        "--what",
        choices=PARTS,
        default="exchanges",
        help="records; access keys; webhook endpoints, once the records are counted: those copied"
        " before are told of every one of them again",
    )


def run(arguments: argparse.Namespace) -> int:
    """Create, check or copy: 1 where something differs. Raises: StartError."""
    from app.composition.topics import DeployedTopics

    settings = load_settings()
    if arguments.action == "copy":
        return asyncio.run(_copy(arguments.source, arguments.what, settings))
    deployed = DeployedTopics(settings)
    return asyncio.run(_create(deployed) if arguments.action == "create" else _check(deployed))


async def _create(deployed: Any) -> int:
    made = await deployed.create()
    for name in made:
        print(f"made {name}")
    if not made:
        print("every topic is there")
    return 0


async def _copy(prefix: str, what: str, settings: Settings) -> int:
    from app.access.directory import KIND as KEYS
    from app.topic_copy import copy_topic
    from app.webhooks.endpoint import KIND as ENDPOINTS

    kind = {"keys": KEYS, "webhooks": ENDPOINTS}.get(what)
    ours, theirs = Topics(settings.kafka.topic_prefix), Topics(prefix)
    if ours.exchanges == theirs.exchanges:
        raise StartError(f"--from {prefix}: that is this deployment's own topic prefix")
    source, target = (
        (theirs.exchanges, ours.exchanges) if kind is None else (theirs.control, ours.control)
    )
    try:
        copied = await copy_topic(source, target, connection_of(settings), kind=kind)
    except Unavailable as exc:
        raise StartError(str(exc)) from exc
    print(f"{copied} messages copied from {source} to {target}")
    return 0


async def _check(deployed: Any) -> int:
    found = await deployed.differences()
    for difference in found:
        print(difference)
    if any(difference.what == PARTITIONS for difference in found):
        print(f"\n{HOW_TO_CHANGE}")
    if not found:
        print(f"{len(deployed.specs())} topics are as they should be")
    return EXIT_DIFFERENT if found else 0
