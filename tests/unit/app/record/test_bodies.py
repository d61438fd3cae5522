"""The body envelope is a frozen value."""

import pytest

from app.record.bodies import BodyEnvelope, BodyPart
from tests.support.records import REQUEST_ID, STARTED_AT


def test_envelopes_are_equal_by_value_and_frozen() -> None:
    def envelope() -> BodyEnvelope:
        part = BodyPart("application/json", "", b"{}")
        return BodyEnvelope("default", REQUEST_ID, STARTED_AT, part, None)

    assert envelope() == envelope()
    with pytest.raises(AttributeError):
        envelope().tenant = "other"  # type: ignore[misc]
