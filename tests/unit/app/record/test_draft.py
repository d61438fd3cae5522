"""A draft is what the model would be, or is not taken for sound."""

from typing import Any

import pytest
from annotated_types import MaxLen
from pydantic import ValidationError
from pydantic.types import StringConstraints

from app.errors import RecordError
from app.record.build import build_record
from app.record.draft import TEXTS, Draft, draft_of, drafted, is_sound
from app.record.model import Record
from tests.support.records import fields, record


def drafting(**changes: Any) -> dict[str, Any]:
    """The fields of a draft, as a capture gives them."""
    made = fields() | {
        name: value.model_dump(exclude_none=True)
        for name, value in fields().items()
        if hasattr(value, "model_dump")
    }
    made |= changes
    defaults = {
        "tenant": "default",
        "request_body": "empty",
        "response_body": "empty",
        "user": "alice",
        "stream": False,
    }
    full = defaults | {"properties": {}, "request_bytes": 1, "response_bytes": 2} | made
    return {name: value for name, value in full.items() if value is not None}


def test_every_bounded_text_of_the_model_is_known_with_its_bound() -> None:
    """A new field of the model cannot be forgotten here."""
    apart = {"tenant", "request_id", "user"}
    bounds = {}
    for name, field in Record.model_fields.items():
        for each in [field, *field.metadata, *getattr(field.annotation, "__args__", ())]:
            for one in (each, *getattr(each, "__metadata__", ())):
                if isinstance(one, StringConstraints | MaxLen) and one.max_length:
                    bounds[name] = one.max_length
    assert {name: most for name, most in bounds.items() if name not in apart | {"properties"}} == (
        TEXTS
    )


def test_what_is_sound_is_taken_as_it_is() -> None:
    given = drafting()
    assert is_sound(given)
    draft = draft_of(given)
    assert draft.fields is given
    assert draft.record() == build_record(**given)


@pytest.mark.parametrize(
    "change",
    [
        {"tenant": "No Tenant"},
        {"tenant": "a\n"},
        {"request_id": "short"},
        {"request_id": "0" * 36 + "\n"},
        {"user": ""},
        {"user": "u" * 65},
        {"user": "a\x00"},
        {"model": "m" * 257},
        {"model": "two\nlines"},
        {"error": 5},
        {"status": 99},
        {"status": "200"},
        {"sequence": -1},
        {"sequence": True},
        {"stream": "yes"},
        {"outcome": "lost"},
        {"request_body": "gone"},
        {"timings_ms": {"total": float("nan")}},
        {"timings_ms": {"first_byte": 1.0}},
        {"usage": {"input": -1}},
        {"usage": {"input": 1.0}},
        {"usage": {"input": 1, "estimated": 1}},
        {"usage": {"output": 10**13}},
        {"properties": {"a": "b\n"}},
        {"properties": {"a": "x" * 16_384}},
        {"properties": {str(n): "" for n in range(65)}},
        {"output_tokens_per_s": float("inf")},
    ],
)
def test_what_is_not_takes_the_way_of_the_model(change: dict[str, Any]) -> None:
    """Clipped as ever, or refused as ever."""
    given = drafting(**change)
    assert not is_sound(given)
    try:
        expected = build_record(**drafting(**change))
    except RecordError:
        with pytest.raises(RecordError):
            draft_of(given)
    else:
        assert draft_of(given).record() == expected


def test_a_forgotten_field_is_the_callers_mistake() -> None:
    given = drafting()
    del given["producer_id"]
    with pytest.raises((RecordError, ValidationError)):
        draft_of(given)


def test_a_change_to_none_takes_the_field_out() -> None:
    draft = drafted(record(error="e"))
    assert "error" not in draft.changed(error=None, model="m").fields
    assert draft.changed(model="m").record().model == "m"


def test_what_cannot_be_written_is_invalid() -> None:
    with pytest.raises(RecordError, match="invalid"):
        Draft({"error": "\ud800"}).encode()
