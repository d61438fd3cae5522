"""The JSON schema says what the model says."""

import json

from app.record.model import Record
from app.record.schema import record_schema


def test_the_schema_names_every_field_and_what_is_required() -> None:
    schema = json.loads(record_schema())
    assert set(schema["properties"]) == set(Record.model_fields)
    assert set(schema["required"]) == {
        name for name, field in Record.model_fields.items() if field.is_required()
    }
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_the_schema_carries_the_bounds() -> None:
    properties = json.loads(record_schema())["properties"]
    assert properties["schema_version"]["const"] == 1
    assert properties["user"]["maxLength"] == 256
    assert properties["tenant"]["pattern"] == "^[a-z0-9_-]{1,64}$"
    assert properties["started_at"]["format"] == "date-time"
    assert "completed" in properties["outcome"]["enum"]


def test_unknown_fields_are_allowed_so_that_newer_producers_pass() -> None:
    assert json.loads(record_schema()).get("additionalProperties", True) is True


def test_the_text_is_the_same_on_every_run() -> None:
    assert record_schema() == record_schema()
    assert record_schema().endswith("}\n")
