"""Reading the settings once: `TAILRACE_…` variables over an optional TOML file over the defaults.

Nested names are joined by `__`; a table (`TAILRACE_UPSTREAMS`) is JSON. Any mistake, in a name or
in a value, is one line: the variable, the value (never a secret's) and what is allowed.
"""

import difflib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from config.settings import PREFIX, Settings

FILE_VARIABLE = f"{PREFIX}CONFIG"
Tree = dict[str, Any]


class SettingsError(Exception):
    """A wrong setting; its text is one line: the variable, the value and what is allowed."""


def variable_of(path: tuple[str | int, ...]) -> str:
    """The variable of a setting, e.g. ("kafka", "partitions") is TAILRACE_KAFKA__PARTITIONS."""
    return PREFIX + "__".join(str(part) for part in path).upper()


def leaves(
    model: type[BaseModel] = Settings, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], FieldInfo]]:
    """Every setting with its path, sections unfolded."""
    for name, info in model.model_fields.items():
        annotation = info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield from leaves(annotation, (*path, name))
        else:
            yield (*path, name), info


def is_secret(info: FieldInfo) -> bool:
    """Whether a setting's value must never be shown."""
    return info.annotation is SecretStr or SecretStr in get_args(info.annotation)


KNOWN = {variable_of(path): (path, info) for path, info in leaves()}


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process, read from its environment unless one is given.

    Raises: SettingsError, in one line.
    """
    given = os.environ if environ is None else environ
    tree = file_tree(given.get(FILE_VARIABLE))
    for variable, value in sorted(given.items()):
        if variable.startswith(PREFIX) and variable != FILE_VARIABLE:
            _place(tree, variable, value)
    try:
        return Settings(**tree)
    except ValidationError as exc:
        raise SettingsError(_one_line(exc, tree)) from exc


def file_tree(path: str | None) -> Tree:
    """The TOML file as a tree; empty without a path. Raises: SettingsError."""
    if path is None:
        return {}
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"{FILE_VARIABLE}={path}: cannot be read: {exc}") from exc
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(f"{FILE_VARIABLE}={path}: not TOML: {exc}") from exc


def _place(tree: Tree, variable: str, value: str) -> None:
    """Put one variable into the tree, over what the file says."""
    known = KNOWN.get(variable)
    if known is None:
        near = difflib.get_close_matches(variable, KNOWN, n=1)
        hint = f"; did you mean {near[0]}?" if near else "; see config/reference/settings.md"
        raise SettingsError(f"{variable}: no such setting{hint}")
    path, info = known
    for section in path[:-1]:
        tree = tree.setdefault(section, {})
        if not isinstance(tree, dict):
            raise SettingsError(f"{variable}: the file sets {section} to something else")
    tree[path[-1]] = _table(variable, value) if _is_table(info) else value


def _is_table(info: FieldInfo) -> bool:
    return getattr(info.annotation, "__origin__", None) is dict


def _table(variable: str, value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as exc:
        raise SettingsError(f"{variable}={value!r}: not JSON: {exc}") from exc


def _one_line(error: ValidationError, tree: Tree) -> str:
    """The first mistake as one line; a secret's value is never in it."""
    first = error.errors(include_url=False)[0]
    path = tuple(part for part in first["loc"] if part != "[key]")
    variable = variable_of(path)
    shown: Any = tree
    for part in path:
        shown = shown.get(part) if isinstance(shown, dict) else shown
    known = KNOWN.get(variable)
    value = "********" if known is not None and is_secret(known[1]) else repr(shown)
    return f"{variable}={value}: {first['msg']}"
