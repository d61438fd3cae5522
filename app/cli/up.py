"""`tailrace up`: everything on embedded defaults, in the foreground, until Ctrl-C."""

import argparse
import asyncio
import sys
from typing import Any

from app.errors import StartError
from config import Settings, load_settings
from config.loading import load
from config.settings import is_loopback

MODE = "TAILRACE_ACCESS__MODE"


def register(subparsers: Any) -> None:
    """Add the command; everything it does follows from the settings."""
    subparsers.add_parser(
        "up", help="start broker, object store, analytics and worker; what you name is not started"
    )


def run(arguments: argparse.Namespace) -> int:
    """Run until SIGINT, SIGTERM or SIGHUP; exit code 0 after an orderly stop.

    Raises: StartError, SettingsError.
    """
    del arguments
    if sys.platform not in {"linux", "darwin"}:
        raise StartError(
            f"`tailrace up` needs Linux or macOS, this is {sys.platform}: run it in a Linux"
            " container or virtual machine, or run `tailrace worker` on services of your own"
        )
    return asyncio.run(_up(settings_for_one_machine()))


def settings_for_one_machine() -> Settings:
    """The settings; without any word on access, it is open where only this machine can reach us.

    Raises: SettingsError.
    """
    loaded = load()
    if MODE in loaded.sources or not is_loopback(loaded.settings.web.bind):
        return loaded.settings
    return load_settings(overrides={MODE: "open"})


async def _up(settings: Any) -> int:
    from app.embedded.running import Up

    return await Up(settings, announce).run()


def announce(line: str) -> None:
    """One line, or one screen, at once even into a pipe."""
    print(line, flush=True)
