"""The lines of `POST /api/v1/log`: NDJSON, one exchange each. Sans-I/O.

    {"record": {…}, "request_body": "<base64>", "response_body": "<base64>"}
        A record with the bodies that are kept, if any; base64 as in RFC 4648 §4. Content types are
        `request_content_type`, `request_content_encoding` and the same of the response.
    {"bodies": "<base64>"}
        The bodies of an exchange whose record goes by itself, as the message on the topic `bodies`.
        For the processes of one deployment, which publish bodies ahead of records: the messages
        arrive as they were, byte by byte. It needs the internal token.

The members of `record` are those of the record's JSON schema. Unknown members are ignored.
"""

import base64
import binascii
from dataclasses import dataclass, field
from typing import Any

import orjson

from app.errors import RecordError
from app.record.bodies import BodyPart

MAX_TEXT_CHARS = 512
SIDES = ("request", "response")


@dataclass(frozen=True, slots=True)
class Line:
    """What a line holds: a record with its parts by side, or bodies alone."""

    record: dict[str, Any] | None
    parts: dict[str, BodyPart] = field(default_factory=dict)
    bodies: bytes | None = None


def record_line(value: bytes) -> bytes:
    """The line of a record's message; its JSON goes in as it is."""
    return b'{"record":' + value + b"}\n"


def bodies_line(value: bytes) -> bytes:
    """The line of a message of bodies."""
    return b'{"bodies":"' + base64.b64encode(value) + b'"}\n'


def parse_line(raw: bytes) -> Line:
    """What a line holds. Raises: RecordError (`undecodable`, `invalid`)."""
    try:
        members = orjson.loads(raw)
    except orjson.JSONDecodeError as exc:
        raise RecordError("undecodable", f"not JSON: {exc}") from exc
    if not isinstance(members, dict):
        raise RecordError("invalid", "a line is a JSON object")
    record = members.get("record")
    if record is None and members.get("bodies") is not None:
        return Line(None, bodies=_decoded(members, "bodies"))
    if not isinstance(record, dict):
        raise RecordError("invalid", "record: an object is required")
    default_types = {
        "request": "application/json",
        "response": "text/event-stream" if record.get("stream") is True else "application/json",
    }
    parts = {}
    for side in SIDES:
        if members.get(f"{side}_body") is not None:
            content_type = _text(members, f"{side}_content_type", default_types[side])
            encoding = _text(members, f"{side}_content_encoding", "")
            parts[side] = BodyPart(content_type, encoding, _decoded(members, f"{side}_body"))
    return Line(record, parts)


def _decoded(members: dict[str, Any], name: str) -> bytes:
    text = members[name]
    try:
        return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (AttributeError, ValueError) as exc:
        raise RecordError("invalid", f"{name}: base64 is required") from exc


def _text(members: dict[str, Any], name: str, default: str) -> str:
    value = members.get(name)
    if value is None:
        return default
    if not isinstance(value, str) or len(value) > MAX_TEXT_CHARS:
        raise RecordError("invalid", f"{name}: a text of at most {MAX_TEXT_CHARS} characters")
    return value
