"""`tailrace topics create|check`: every topic of the deployment, changelogs included."""

import argparse
import asyncio
from typing import Any

from config import load_settings

EXIT_DIFFERENT = 1


def register(subparsers: Any) -> None:
    """Add the command and its two."""
    top = subparsers.add_parser("topics", help="the topics of this deployment on the broker")
    commands = top.add_subparsers(dest="action", required=True, metavar="action")
    commands.add_parser("create", help="make those that are missing; the others stay as they are")
    commands.add_parser("check", help="name every difference to what the settings say")


def run(arguments: argparse.Namespace) -> int:
    """Create, or check: 1 where something differs. Raises: StartError."""
    from app.composition.topics import DeployedTopics

    deployed = DeployedTopics(load_settings())
    return asyncio.run(_create(deployed) if arguments.action == "create" else _check(deployed))


async def _create(deployed: Any) -> int:
    made = await deployed.create()
    for name in made:
        print(f"made {name}")
    if not made:
        print("every topic is there")
    return 0


async def _check(deployed: Any) -> int:
    found = await deployed.differences()
    for difference in found:
        print(difference)
    if not found:
        print(f"{len(deployed.specs())} topics are as they should be")
    return EXIT_DIFFERENT if found else 0
