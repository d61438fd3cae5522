"""The effective settings as lines: variable, value (secrets masked) and source."""

import os
from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from config.loading import FILE_VARIABLE, KNOWN, file_tree, load_settings
from config.settings import Settings


def explain(environ: Mapping[str, str] | None = None) -> list[str]:
    """One line per setting, aligned: `VARIABLE = value  # variable | file | default`.

    Raises: SettingsError.
    """
    given = os.environ if environ is None else environ
    settings = load_settings(given)
    tree = file_tree(given.get(FILE_VARIABLE))
    rows = [
        (variable, shown(value_at(settings, path)), source(variable, path, given, tree))
        for variable, (path, _) in sorted(KNOWN.items())
    ]
    width = max(len(variable) for variable, _, _ in rows)
    return [f"{variable:<{width}} = {value}  # {origin}" for variable, value, origin in rows]


def environment(settings: Settings) -> dict[str, str]:
    """The variables that give another process the same settings, secrets in clear."""
    variables = {}
    for variable, (path, _) in KNOWN.items():
        value = value_at(settings, path)
        if isinstance(value, SecretStr):
            variables[variable] = value.get_secret_value()
        elif isinstance(value, dict):
            variables[variable] = settings.model_dump_json(include={path[0]})
            variables[variable] = variables[variable].removeprefix(f'{{"{path[0]}":')[:-1]
        elif value is not None:
            variables[variable] = str(value)
    return variables


def value_at(settings: Settings, path: tuple[str, ...]) -> Any:
    """The value of the setting at a path."""
    value: Any = settings
    for name in path:
        value = getattr(value, name)
    return value


def shown(value: Any) -> str:
    """A value for a person to read; a secret is only said to be set."""
    if isinstance(value, SecretStr):
        return "********"
    if value is None:
        return "(unset)"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{k}: {v.base_url}" for k, v in value.items()) + "}"
    return str(value)


def source(
    variable: str, path: tuple[str, ...], environ: Mapping[str, str], tree: Mapping[str, Any]
) -> str:
    """Where a setting's value came from."""
    if variable in environ:
        return "variable"
    found: Any = tree
    for name in path:
        if not isinstance(found, Mapping) or name not in found:
            return "default"
        found = found[name]
    return f"file {environ[FILE_VARIABLE]}"
