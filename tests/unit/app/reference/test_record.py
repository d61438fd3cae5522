import pytest

from app.record.dead_letter import DeadLetter
from app.record.fact import Cost
from app.record.model import Record
from app.reference.record import SHAPES, fields, render_record, type_of


def test_every_field_of_every_message_has_a_line() -> None:
    text = render_record()
    for models in SHAPES.values():
        for model in models:
            assert f"### {model.__name__}\n" in text
            lines = fields(model).splitlines()[2:]
            assert [line.split("`")[1] for line in lines] == list(model.model_fields)


def test_every_model_that_a_field_refers_to_has_its_own_table() -> None:
    text = render_record()
    for line in text.splitlines():
        if ", below" in line:
            name = line.split(" | ")[1].split(",")[0]
            assert f"### {name}\n" in text


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (Record, "| `schema_version` | always 1 | `1` |"),
        (Record, '| `tenant` | text matching `^[a-z0-9_-]{1,64}$` | `"default"` |'),
        (Record, "| `produced_at` | time | never |"),
        (Record, "| `status` | a whole number from 100 to 999 or null | `null` |"),
        (Record, "| `properties` | map of text to text, at most 64 entries | `{}` |"),
        (Record, "| `usage` | Usage, below or null | `null` |"),
        (Record, "| `stream` | true or false | `false` |"),
        (Cost, "| `nano_usd` | a whole number or null | never |"),
        (DeadLetter, "| `raw_value` | base64 text or null | never |"),
        (DeadLetter, "| `detail` | text | never |"),
    ],
)
def test_lines(model: type[Record], line: str) -> None:
    assert line in fields(model).splitlines()


def test_bounded_text() -> None:
    assert type_of({"type": "string", "maxLength": 5}) == "text of at most 5 characters"
