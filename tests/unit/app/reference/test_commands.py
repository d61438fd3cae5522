from types import SimpleNamespace
from typing import Any

from app.reference.commands import recorded, render_commands


def register(subparsers: Any) -> None:
    """A command with everything that argparse has and our commands may use."""
    parser = subparsers.add_parser("topics", help="make or check topics")
    below = parser.add_subparsers(dest="what", required=True)
    make = below.add_parser("create", help="make what is missing")
    make.add_argument("name", help="which one")
    group = make.add_mutually_exclusive_group()
    group.add_argument("-n", "--dry-run", action="store_true", help="make nothing")
    make.add_argument_group("sizes").add_argument("--partitions", type=int, help="how many")
    make.add_argument("--to", metavar="HOST", help="where")
    make.add_argument("--order", choices=["up", "down"])
    make.set_defaults(x=1)


PAGE = render_commands(recorded([SimpleNamespace(register=register)]))


def test_every_command_is_listed_with_those_below_it() -> None:
    assert "| `tailrace topics` | make or check topics |" in PAGE
    assert "| `tailrace topics create` | make what is missing |" in PAGE


def test_options_as_they_are_typed() -> None:
    _, _, options = PAGE.partition("## `tailrace topics create`")
    assert options.splitlines()[4:] == [
        "| `name` | which one |",
        "| `-n, --dry-run` | make nothing |",
        "| `--partitions PARTITIONS` | how many |",
        "| `--to HOST` | where |",
        "| `--order {up,down}` |  |",
    ]


def test_a_command_without_options_has_no_table_of_them() -> None:
    assert "## `tailrace topics`" not in PAGE
