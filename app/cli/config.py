"""`tailrace config`: the effective settings, secrets masked, and where each came from."""

import argparse
from typing import Any

from config.explain import explain


def register(subparsers: Any) -> None:
    """Add the command."""
    subparsers.add_parser("config", help="print the effective settings and their sources")


def run(arguments: argparse.Namespace) -> int:
    """Print one line per setting. Raises: SettingsError."""
    del arguments
    for line in explain():
        print(line)
    return 0
