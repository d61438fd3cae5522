"""The reference of the messages' fields, from their models."""

import json
from collections.abc import Mapping
from inspect import getdoc
from typing import Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from app.record.dead_letter import DeadLetter, Origin
from app.record.fact import Cost, Fact
from app.record.model import Record, Timings, Usage
from app.reference.markdown import code, page, prose, table
from config.allowed import describe

INTRO = """
Messages are JSON. Times are RFC 3339 in UTC; an absent field and a null one are the same. Readers
ignore fields they do not know, so new ones may be added; removing one is a new version. The
machine-readable form of the record is `record.schema.json` (JSON Schema, draft 2020-12).
"""
SHAPES: Mapping[str, tuple[type[BaseModel], ...]] = {
    "exchanges": (Record, Timings, Usage),
    "facts": (Fact, Cost),
    "dead-letters": (DeadLetter, Origin),
}
HEADINGS = ("field", "type", "absent")
Schema = Mapping[str, Any]


def render_record() -> str:
    """The whole page: for each topic the models of its messages."""
    parts = [INTRO]
    for topic, models in SHAPES.items():
        parts.append(f"## Topic `{topic}`")
        for model in models:
            parts += [f"### {model.__name__}\n\n{prose(getdoc(model))}", fields(model)]
    return page("The record and what is made of it", *parts)


def fields(model: type[BaseModel]) -> str:
    """One line per field of a model."""
    schema = model.model_json_schema()
    rows = []
    for name, each in schema["properties"].items():
        info = model.model_fields[name]
        absent = "never" if info.is_required() else code(_default(info))
        rows.append((code(name), type_of(each), absent))
    return table(HEADINGS, rows)


def _default(info: FieldInfo) -> str:
    return json.dumps(info.get_default(call_default_factory=True, validated_data={}))


def type_of(schema: Schema) -> str:
    """A field's type in words, with its bounds."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2] + ", below"
    if "anyOf" in schema:
        return " or ".join(type_of(each) for each in schema["anyOf"])
    if "const" in schema:
        return f"always {schema['const']}"
    kind = schema.get("type")
    if kind == "null":
        return "null"
    if kind == "object":
        most = f", at most {schema['maxProperties']} entries" if "maxProperties" in schema else ""
        return f"map of text to text{most}"
    if kind == "string" and "enum" not in schema:
        return _text(schema)
    return describe(schema)


def _text(schema: Schema) -> str:
    named = {"date-time": "time", "binary": "base64 text", "base64url": "base64 text"}
    if schema.get("format") in named:
        return named[schema["format"]]
    if "maxLength" in schema:
        return f"text of at most {schema['maxLength']} characters"
    return f"text matching {code(schema['pattern'])}" if "pattern" in schema else "text"
