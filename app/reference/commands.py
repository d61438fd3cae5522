"""The reference of the command line, from what the commands register.

A recorder stands in for argparse's sub-parsers, so that the page is the same on every Python:
argparse's own help differs from version to version.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from app.reference.markdown import code, page, table

INTRO = """
`python -m app …` is the same as `tailrace …`. A command that cannot start says why in one line and
exits with code 2; Ctrl-C exits with code 130, or with 0 where a command had something to stop in
order. Settings come from the environment: `settings.md`.
"""


class Registers(Protocol):
    """A command's file: it adds itself to sub-parsers."""

    @property
    def register(self) -> Callable[[Any], None]:
        """Adds the command to argparse's sub-parsers."""


class Recorder:
    """What one command registers: its help, its options, its own commands."""

    def __init__(self, name: str, meaning: str) -> None:
        """`name` is the whole command, e.g. `tailrace config`."""
        self.name = name
        self.meaning = meaning
        self.options: list[tuple[str, str]] = []
        self.commands: list[Recorder] = []

    def add_parser(self, name: str, *, help: str = "", **_: Any) -> "Recorder":
        """As argparse's sub-parsers; returns the new command."""
        self.commands.append(Recorder(f"{self.name} {name}", help))
        return self.commands[-1]

    def add_argument(self, *names: str, **options: Any) -> None:
        """As argparse's: the names, the help and the choices are kept."""
        value = options.get("metavar") or ("" if options.get("action") else names[-1].strip("-"))
        if choices := options.get("choices"):
            value = "{" + ",".join(map(str, choices)) + "}"
        shown = ", ".join(names)
        if names[0].startswith("-") and value:
            shown += f" {value.upper() if value == names[-1].strip('-') else value}"
        self.options.append((shown, str(options.get("help", ""))))

    def add_subparsers(self, **_: Any) -> "Recorder":
        """As argparse's; commands below this one are kept with it."""
        return self

    def add_argument_group(self, *_: Any, **__: Any) -> "Recorder":
        """As argparse's; the options of a group are kept with the command."""
        return self

    def add_mutually_exclusive_group(self, **_: Any) -> "Recorder":
        """As argparse's; the options of a group are kept with the command."""
        return self

    def set_defaults(self, **_: Any) -> None:
        """As argparse's; nothing to keep."""

    def walk(self) -> Iterator["Recorder"]:
        """All commands below this one, parents first."""
        for command in self.commands:
            yield command
            yield from command.walk()


def recorded(commands: Iterable[Registers], program: str = "tailrace") -> Recorder:
    """The whole command line as it registers itself."""
    top = Recorder(program, "")
    for command in commands:
        command.register(top)
    return top


def render_commands(top: Recorder) -> str:
    """The whole page: a table of commands, then the options of those that have any."""
    every = list(top.walk())
    parts = [INTRO, table(("command", "does"), [(code(each.name), each.meaning) for each in every])]
    for each in every:
        if each.options:
            rows = [(code(names), meaning) for names, meaning in each.options]
            parts.append(f"## `{each.name}`\n\n" + table(("option", "meaning"), rows))
    return page("Commands", *parts)
