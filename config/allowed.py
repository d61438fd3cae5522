"""What a setting allows, in words; for error lines and for the generated reference."""

from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import BaseModel

from config.variables import Path

Schema = Mapping[str, Any]
IN_WORDS = {
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "object": "a table (JSON in a variable): name to entry",
}


def allowed(model: type[BaseModel], path: Path) -> str:
    """What the setting at `path` allows, e.g. `a whole number from 1 to 9`."""
    root = schema = _schema_of(model)
    for name in path:
        schema = _resolve(schema, root)["properties"][name]
    return describe(_resolve(schema, root))


def describe(schema: Schema) -> str:
    """One JSON schema of a value in words; `null` is left out, as unset is always said apart."""
    if "anyOf" in schema:
        parts = [each for each in schema["anyOf"] if each.get("type") != "null"]
        return " or ".join(describe(each) for each in parts)
    if "enum" in schema:
        return "one of " + ", ".join(str(each) for each in schema["enum"])
    kind = str(schema.get("type"))
    if kind in {"integer", "number"}:
        return IN_WORDS[kind] + _bounds(schema)
    if kind == "string":
        return _text(schema)
    return IN_WORDS[kind]


@cache
def _schema_of(model: type[BaseModel]) -> Schema:
    return model.model_json_schema()


def _resolve(schema: Schema, root: Schema) -> Schema:
    """Follow a reference to a named definition."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    definition: Schema = root["$defs"][str(reference).rpartition("/")[2]]
    return definition


def _bounds(schema: Schema) -> str:
    least, most = schema.get("minimum"), schema.get("maximum")
    if (above := schema.get("exclusiveMinimum")) is not None:
        return f" above {above:g}" + ("" if most is None else f", at most {most:g}")
    if least is not None and most is not None:
        return f" from {_plain(least)} to {_plain(most)}"
    if least is not None:
        return f", at least {_plain(least)}"
    return "" if most is None else f", at most {_plain(most)}"


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


def _text(schema: Schema) -> str:
    if "pattern" in schema:
        return f"text matching {schema['pattern']}"
    if schema.get("format") == "path":
        return "a path"
    return "text"
