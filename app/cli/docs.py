"""`tailrace docs`: renews `config/reference/` from the code."""

import argparse
from importlib import import_module
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[2] / "config" / "reference"


def register(subparsers: Any) -> None:
    """Add the command."""
    parser = subparsers.add_parser("docs", help="renew the pages of config/reference/")
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit code 1 where a page is stale"
    )


def run(arguments: argparse.Namespace) -> int:
    """Write, or check, every page and name those that differ; 1 where a check finds any."""
    return renew(FOLDER, check=arguments.check)


def renew(folder: Path, *, check: bool) -> int:
    """As `run`, for any folder."""
    stale = stale_pages(folder)
    for name, text in stale.items():
        if not check:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text, encoding="utf-8")
        print(f"{'stale' if check else 'renewed'}: {name}")
    return 1 if check and stale else 0


def stale_pages(folder: Path) -> dict[str, str]:
    """The pages whose file in `folder` differs or is missing, with the text they should have."""
    return {name: text for name, text in pages().items() if _read(folder / name) != text}


def pages() -> dict[str, str]:
    """Every generated file by name."""
    from app.cli import COMMANDS
    from app.metrics import ROWS
    from app.record.schema import record_schema
    from app.record.topics import Topics
    from app.reference import commands, metrics, record, routes, settings, topics

    modules: Any = [import_module(f"app.cli.{name}") for name in COMMANDS]
    return {
        "settings.md": settings.render_settings(),
        "metrics.md": metrics.render_metrics(ROWS),
        "topics.md": topics.render_topics(Topics()),
        "record.md": record.render_record(),
        "record.schema.json": record_schema(),
        "routes.md": routes.render_routes(),
        "cli.md": commands.render_commands(commands.recorded(modules)),
    }


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
