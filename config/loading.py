"""Reading the settings once: `TAILRACE_…` variables over an optional TOML file over the defaults.

Nested names are joined by `__`; a table (`TAILRACE_UPSTREAMS`) is JSON; an empty variable counts as
not set. Any mistake, in a name or in a value, is one line: the variable, the value (never a
secret's) and what is allowed.
"""

import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from config.mistakes import SettingsError, one_line, shortened
from config.settings import Settings
from config.variables import FILE_VARIABLE, NOT_SETTINGS, PREFIX, Leaf, leaves, nearest

KNOWN = {leaf.variable: leaf for leaf in leaves(Settings)}
KEYS = {leaf.key: leaf for leaf in KNOWN.values()}
SEE_REFERENCE = "see config/reference/settings.md"
Tree = dict[str, Any]
Sources = dict[str, str]


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings, and for each variable whose value is not the default where it came from."""

    settings: Settings
    sources: Sources


def load_settings(
    environ: Mapping[str, str] | None = None, overrides: Mapping[str, str] | None = None
) -> Settings:
    """The settings of this process, read from its environment unless one is given.

    `overrides` are variables too, e.g. from a command line; they win over everything.

    Raises: SettingsError, in one line.
    """
    return load(environ, overrides).settings


def load(
    environ: Mapping[str, str] | None = None, overrides: Mapping[str, str] | None = None
) -> Loaded:
    """As `load_settings`, with the sources. Raises: SettingsError."""
    given = os.environ if environ is None else environ
    tree: Tree = {}
    sources: Sources = {}
    if path := given.get(FILE_VARIABLE):
        _place_file(tree, sources, path)
    _place_variables(tree, sources, given, "variable")
    _place_variables(tree, sources, overrides or {}, "command line")
    try:
        return Loaded(Settings(**tree), sources)
    except ValidationError as exc:
        raise one_line(exc, KEYS, sources) from None


def _place_file(tree: Tree, sources: Sources, path: str) -> None:
    """Put every key of the file into the tree. Raises: SettingsError."""
    for name, value in _flat(_read(path)):
        leaf = KEYS.get(name)
        if leaf is None:
            near = nearest(name, KEYS)
            hint = f"did you mean {near}?" if near else SEE_REFERENCE
            raise SettingsError(f"{FILE_VARIABLE}={path}: {name}: no such setting; {hint}")
        _place(tree, leaf, value)
        sources[leaf.variable] = f"file {path}"


def _read(path: str) -> Tree:
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        reason = getattr(exc, "strerror", None) or "not UTF-8"
        raise SettingsError(f"{FILE_VARIABLE}={path}: cannot be read: {reason}") from exc
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(f"{FILE_VARIABLE}={path}: not TOML: {exc}") from exc


def _flat(tree: Tree, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted keys with their values; what is a table by itself stays whole."""
    for name, value in tree.items():
        key = prefix + name
        leaf = KEYS.get(key)
        if isinstance(value, dict) and leaf is None:
            yield from _flat(value, f"{key}.")
        else:
            yield key, value


def _place_variables(tree: Tree, sources: Sources, given: Mapping[str, str], source: str) -> None:
    """Put variables into the tree, over what is there. Raises: SettingsError."""
    for variable, value in sorted(given.items()):
        if not variable.startswith(PREFIX) or variable in NOT_SETTINGS:
            continue
        leaf = KNOWN.get(variable)
        if leaf is None:
            near = nearest(variable, KNOWN)
            hint = f"did you mean {near}?" if near else SEE_REFERENCE
            raise SettingsError(f"{variable}: no such setting; {hint}")
        if value:
            _place(tree, leaf, _table(variable, value) if leaf.is_table else value)
            sources[variable] = source


def _place(tree: Tree, leaf: Leaf, value: Any) -> None:
    for section in leaf.path[:-1]:
        tree = tree.setdefault(section, {})
    tree[leaf.path[-1]] = value


def _table(variable: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as exc:
        raise SettingsError(
            f"{variable}={shortened(value)}: not JSON ({exc}); allowed is a table such as"
            ' {"name": {"base_url": "http://host:port", "dialect": "openai"}}'
        ) from exc
