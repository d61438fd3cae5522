"""`tailrace worker`: one process in the role of TAILRACE_ROLE, on a broker that runs already."""

import argparse
from typing import Any


def register(subparsers: Any) -> None:
    """Add the command; everything else it takes from the settings."""
    subparsers.add_parser("worker", help="run one process: relay, meter, queries (TAILRACE_ROLE)")


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; exit code 0 after an orderly stop.

    Raises: StartError, SettingsError.
    """
    del arguments
    from app.composition.running import run_process
    from config import load_settings

    return run_process(load_settings())
