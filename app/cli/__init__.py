"""The `tailrace` command (`python -m app …`): one file per subcommand.

    up.py      everything on embedded defaults, in the foreground
    worker.py  one process: relay, stream side, queries
    demo.py    `up`, and sample traffic from the official SDKs (demo_traffic.py)
    tail.py    finished exchanges in the terminal
    topics.py  the topics on the broker: create, check
    keys.py    access keys: create, list, revoke
    dlq.py     dead letters: list, show, replay
    reconcile.py  whether every exchange proxied ends somewhere
    spill.py   records on the local disk: list, replay
    config.py  the effective settings, and where each came from
    docs.py    renews config/reference/ from the code
    connection.py  how commands reach the broker

Each file has `register(subparsers)` and `run(arguments) -> exit code`. What is heavy is imported
inside `run`, so that every command starts at once. A `StartError` or a wrong setting is one line
on stderr and exit code 2.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from app.errors import StartError
from config import SettingsError

COMMANDS = (
    *("up", "worker", "demo", "tail"),
    *("topics", "keys", "dlq", "reconcile", "spill", "config", "docs"),
)
EXIT_CANNOT_START = 2
EXIT_INTERRUPTED = 130
EXIT_PIPE_CLOSED = 141


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = argparse.ArgumentParser(prog="tailrace", description="LLM observability proxy")
    subparsers: Any = top.add_subparsers(dest="command", required=True, metavar="command")
    for name in COMMANDS:
        import_module(f"app.cli.{name}").register(subparsers)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = parser().parse_args(argv)
    command = import_module(f"app.cli.{arguments.command}")
    try:
        code: int = command.run(arguments)
        sys.stdout.flush()
    except (StartError, SettingsError) as error:
        print(f"tailrace: {error}", file=sys.stderr)
        return EXIT_CANNOT_START
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # `tailrace config | head`: at exit the interpreter would flush into the closed pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PIPE_CLOSED
    return code
