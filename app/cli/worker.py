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
    parser.add_argument(
        "--processes",
        type=int,
        metavar="N",
        help="role proxy: N processes share the port, and one that dies is replaced",
    )
    # What a parent tells each of them.
    parser.add_argument("--share", help=argparse.SUPPRESS)


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGTERM or SIGINT; exit code 0 after an orderly stop.

    Raises: StartError, SettingsError.
    """
    settings = numbered(load_settings(), arguments.instance)
    if arguments.processes is not None:
        from app.composition.sharing import run_processes

        return run_processes(settings, arguments.processes)
    from app.composition.running import run_process
    from app.processes.share import Share

    share = None if arguments.share is None else Share.decode(arguments.share)
    return run_process(settings, share)


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
