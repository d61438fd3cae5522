"""The header of body envelopes as JSON, written by hand where its model would take it."""

from datetime import datetime, timedelta, timezone

import pytest

from app.errors import RecordError
from app.record.bodies import BodyEnvelope, BodyPart
from app.record.body_header import EnvelopeHeader
from app.record.header_json import header_json
from tests.support.records import REQUEST_ID, STARTED_AT


@pytest.mark.parametrize(
    "started_at",
    [
        STARTED_AT,
        STARTED_AT.replace(microsecond=50),
        STARTED_AT.replace(microsecond=120_000),
        STARTED_AT.astimezone(timezone(timedelta(hours=2))),
    ],
)
@pytest.mark.parametrize("content_type", ["application/json", 'a"b\\ü\u2028', "", "x" * 600])
def test_it_is_as_its_model_writes_it(started_at: datetime, content_type: str) -> None:
    """Byte for byte."""
    parts = [None, BodyPart(content_type, "gzip", b"body"), BodyPart("", "", b"")]
    for request in parts:
        for response in parts:
            head = header_json(BodyEnvelope("default", REQUEST_ID, started_at, request, response))
            model = EnvelopeHeader.model_validate_json(head, strict=True)
            assert head == model.model_dump_json(exclude_none=True).encode()
            assert model.started_at == started_at
            if response is not None:
                assert model.response is not None
                assert model.response.content_type == response.content_type[:512]
                assert model.response.length_bytes == len(response.data)


@pytest.mark.parametrize("tenant", ["", "Default", 'x"y', "a\n"])
def test_an_identity_that_the_model_refuses_is_not_written(tenant: str) -> None:
    """Though it is written by hand."""
    with pytest.raises(RecordError, match="tenant"):
        header_json(BodyEnvelope(tenant, REQUEST_ID, STARTED_AT, None, None))
