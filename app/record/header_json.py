"""The header of a body envelope as JSON, without a model of it where all is sound."""

import re
from dataclasses import asdict
from datetime import UTC
from functools import lru_cache
from typing import Final

import orjson
from pydantic import ValidationError

from app.record.bodies import BodyEnvelope, BodyPart
from app.record.body_header import EnvelopeHeader, PartHeader, StoredHeader
from app.record.codec import invalid
from app.record.fields import (
    CONTROL,
    EARLIEST_YEAR,
    LATEST_YEAR,
    REQUEST_ID_PATTERN,
    TENANT_PATTERN,
)

_MAX_HEADER_VALUE_CHARS: Final = 512
_UTC_CHARS: Final = len("+00:00")
_TENANT: Final = re.compile(TENANT_PATTERN)
_REQUEST_ID: Final = re.compile(REQUEST_ID_PATTERN)


def header_json(envelope: BodyEnvelope) -> bytes:
    """The header's JSON: as `EnvelopeHeader` writes it, without making one where all is sound.

    Header values are clipped. Raises: RecordError (`invalid`).
    """
    request, response = envelope.request, envelope.response
    if _is_sound(envelope):
        return b"".join(
            (
                b'{"tenant":"%b","request_id":"%b","started_at":"%bZ"'
                % (
                    envelope.tenant.encode(),
                    envelope.request_id.encode(),
                    envelope.started_at.isoformat()[:-_UTC_CHARS].encode(),
                ),
                b"" if request is None else _part_json(b"request", request),
                b"" if response is None else _part_json(b"response", response),
                b"}",
            )
        )
    try:
        header = EnvelopeHeader(
            tenant=envelope.tenant,
            request_id=envelope.request_id,
            started_at=envelope.started_at,
            request=_part_header(request),
            response=_part_header(response),
        )
    except ValidationError as exc:
        raise invalid(exc) from exc
    return header.__pydantic_serializer__.to_json(header, exclude_none=True)


def _is_sound(envelope: BodyEnvelope) -> bool:
    """Whether the model would take it as it is."""
    return (
        _TENANT.fullmatch(envelope.tenant) is not None
        and _REQUEST_ID.fullmatch(envelope.request_id) is not None
        and envelope.started_at.tzinfo is UTC
        and EARLIEST_YEAR <= envelope.started_at.year <= LATEST_YEAR
        and (envelope.request is None or envelope.request.stored is None)
        and (envelope.response is None or envelope.response.stored is None)
    )


def _part_json(side: bytes, part: BodyPart) -> bytes:
    kinds = _kinds_json(part.content_type, part.content_encoding)
    return b',"%b":{%b,"length_bytes":%d}' % (side, kinds, len(part.data))


@lru_cache(maxsize=256)
def _kinds_json(content_type: str, content_encoding: str) -> bytes:
    """The two header values as fields; few different ones ever come."""
    kinds = {
        "content_type": _clipped(content_type),
        "content_encoding": _clipped(content_encoding),
    }
    return orjson.dumps(kinds)[1:-1]


def _part_header(part: BodyPart | None) -> PartHeader | None:
    if part is None:
        return None
    return PartHeader(
        content_type=_clipped(part.content_type),
        content_encoding=_clipped(part.content_encoding),
        length_bytes=len(part.data),
        stored=None if part.stored is None else StoredHeader(**asdict(part.stored)),
    )


def _clipped(value: str) -> str:
    text = value[:_MAX_HEADER_VALUE_CHARS].encode("utf-8", "replace").decode()
    return CONTROL.sub(" ", text)
