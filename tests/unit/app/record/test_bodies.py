"""The body envelope is a value."""

from app.record.bodies import BodyEnvelope, BodyPart
from tests.support.records import REQUEST_ID, STARTED_AT


def test_envelopes_are_equal_by_value() -> None:
    def envelope() -> BodyEnvelope:
        part = BodyPart("application/json", "", b"{}")
        return BodyEnvelope("default", REQUEST_ID, STARTED_AT, part, None)

    assert envelope() == envelope()
