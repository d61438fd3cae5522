"""`tailrace worker`: one process in the role of TAILRACE_ROLE, on a broker that runs already."""

import argparse
from typing import Any

from app.errors import StartError
from config import Settings, load_settings

MAX_PORT = 65_535


def register(subparsers: Any) -> None:
    """Add the command; everything else it takes from the settings."""
    parser = subparsers.add_parser(
        "worker", help="run one process: relay, meter, queries (TAILRACE_ROLE)"
    )
    parser.add_argument(
        "--instance",
        type=int,
        metavar="N",
        help="one of several on this host: its own name N and the port N above TAILRACE_WEB__PORT",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; exit code 0 after an orderly stop.

    Raises: StartError, SettingsError.
    """
    from app.composition.running import run_process

    return run_process(numbered(load_settings(), arguments.instance))


def numbered(settings: Settings, number: int | None) -> Settings:
    """The settings of one of several on a host. Raises: StartError."""
    if number is None:
        return settings
    port = settings.web.port + number
    if number < 0 or port > MAX_PORT:
        raise StartError(f"--instance {number}: allowed is 0 to {MAX_PORT - settings.web.port}")
    if settings.canonical_url is not None and number > 0:
        raise StartError(
            "--instance and TAILRACE_CANONICAL_URL: each worker has a URL of its own, and this one"
            " would be the same for all; leave it unset, or start each with its own"
        )
    web = settings.web.model_copy(update={"port": port})
    return settings.model_copy(update={"instance": str(number), "web": web})
