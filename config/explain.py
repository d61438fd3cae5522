"""The effective settings as lines: variable, value (secrets masked) and source."""

from collections.abc import Mapping
from typing import Any

from pydantic import SecretStr

from config.loading import KNOWN, load
from config.mistakes import MASK, masked
from config.settings import in_text


def explain(environ: Mapping[str, str] | None = None) -> list[str]:
    """One line per setting, aligned: `VARIABLE = value  # variable | file … | default`.

    Raises: SettingsError.
    """
    loaded = load(environ)
    rows = [
        (variable, shown(leaf.value_in(loaded.settings)), loaded.sources.get(variable, "default"))
        for variable, leaf in sorted(KNOWN.items())
    ]
    width = max(len(variable) for variable, _, _ in rows)
    return [f"{variable:<{width}} = {value}  # {source}" for variable, value, source in rows]


def shown(value: Any) -> str:
    """A value for a person to read; a secret is only said to be set."""
    if isinstance(value, SecretStr):
        return MASK
    if value is None:
        return "(unset)"
    return masked(in_text(value))
