"""Finished exchanges for tests of the publisher."""

from app.clock import utc
from app.record.bodies import BodyEnvelope, BodyPart
from app.record.draft import drafted
from proxy.exchange import Finished
from tests.support.records import record


def finished(number: int, body_bytes: int = 0) -> Finished:
    """The exchange `number`, with a response body of so many bytes; 0 is none."""
    request_id = f"00000000-0000-7000-8000-{number:012x}"
    kept = {"body_ref": f"bodies/{request_id}", "response_body": "kept"} if body_bytes else {}
    bodies = None
    if body_bytes:
        part = BodyPart("application/json", "", bytes([number % 251]) * body_bytes)
        bodies = BodyEnvelope("default", request_id, utc(1_700_000_000), None, part)
    absent = {"body_ref": None, "request_body": "empty", "response_body": "empty"}
    made = record(**{**absent, "request_id": request_id, "sequence": number, **kept})
    return Finished(drafted(made), bodies)
