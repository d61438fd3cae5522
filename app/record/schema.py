"""The JSON schema (draft 2020-12) of the record, generated from the model.

The reference in `config/reference/record.schema.json` is this text; a test keeps it in step.
"""

import json

from app.record.model import Record

TITLE = "Tailrace record, envelope v1"


def record_schema() -> str:
    """The schema as indented JSON with a final newline, the same on every run."""
    schema = Record.model_json_schema(mode="validation")
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": TITLE,
    }
    return json.dumps(schema, indent=2, sort_keys=True, ensure_ascii=True) + "\n"
