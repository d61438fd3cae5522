"""A mistake in the settings as one line: the variable, the value and what is allowed."""

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from config.allowed import allowed
from config.settings import Settings
from config.variables import PREFIX, Leaf

MASK = "********"
MAX_VALUE_CHARS = 120
USERINFO = re.compile(r"(?<=://)[^\s'\",]+(?=@)")


class SettingsError(Exception):
    """A wrong setting; its text is one line: the variable, the value and what is allowed."""


def masked(text: str) -> str:
    """The text without the credentials of the URLs in it."""
    return USERINFO.sub(MASK, text)


def one_line(
    error: ValidationError, keys: Mapping[str, Leaf], sources: Mapping[str, str]
) -> SettingsError:
    """The first mistake that pydantic found; a secret's value is never in it."""
    first = error.errors(include_url=False)[0]
    message = _message(first)
    if message.startswith(PREFIX):
        return SettingsError(message)
    loc = tuple(str(part) for part in first["loc"])
    leaf = next((keys[".".join(loc[:n])] for n in (1, 2) if ".".join(loc[:n]) in keys), None)
    if leaf is None:
        return SettingsError(f"{'.'.join(loc)}: {message}")
    entry = tuple(part for part in loc[len(leaf.path) :] if part != "[key]")
    value = MASK if leaf.is_secret else shortened(first["input"])
    source = sources.get(leaf.variable, "")
    where = f" (in {source})" if source.startswith("file ") else ""
    name = f"{leaf.variable} {'.'.join(entry)}" if entry else leaf.variable
    return SettingsError(f"{name}={value}{where}: {_rule(first, leaf, entry)}")


def shortened(value: Any) -> str:
    """A value that is no secret, in a line's length, without the credentials in URLs."""
    text = masked(repr(value))
    return text if len(text) <= MAX_VALUE_CHARS else text[:MAX_VALUE_CHARS] + "…"


def _rule(first: Any, leaf: Leaf, entry: tuple[str, ...]) -> str:
    """What is allowed: by the setting's type, or in the words of the check that failed."""
    if first["type"] == "value_error":
        return _message(first)
    if not entry:
        return f"allowed is {allowed(Settings, leaf.path)}"
    if first["type"] == "missing":
        return f"{entry[-1]} is missing; allowed is {allowed(leaf.entries, entry[1:])}"
    if len(entry) == 1:
        return _message(first).replace("String should match pattern", "allowed is a name matching")
    if first["type"] == "extra_forbidden":
        return "no such key; known are " + ", ".join(leaf.entries.model_fields)
    return f"allowed is {allowed(leaf.entries, entry[1:])}"


def _message(first: Any) -> str:
    return str(first["msg"]).removeprefix("Value error, ")
