"""A line as an exchange of ours: whose it is, what it is called, and what is wrong with it.

With the internal token a record keeps all it says: tenant, request id, producer, times. Without it

    tenant               that of its key, else the default one
    request_id           minted here; the client's own one is kept as `client_request_id`
    producer_id          marked `log:`, so that no producer of ours is impersonated
    key_id, attempt      left out
    body_ref, states     what came with the line, and nothing else

A client without the token that names `producer_id` and `sequence` may send a line again: the id is
made from the line's own bytes, so that it counts once. Sans-I/O.
"""

import hashlib
import uuid
from dataclasses import dataclass, replace
from itertools import count
from typing import Any

import orjson

from app.clock import Clock, utc
from app.errors import RecordError
from app.ids import Ids
from app.record.bodies import BodyEnvelope, BodyPart
from app.record.body_codec import decode_bodies
from app.record.codec import decode_record, encode_record
from app.record.keys import exchange_key
from app.record.model import DEFAULT_TENANT, BodyState, Record
from app.record.topics import Topics
from app.redaction import mask_url, redact_text
from proxy.ingest.wire import SIDES, Line, parse_line
from proxy.publisher.encoding import MAX_MESSAGE_BYTES
from proxy.publisher.outgoing import Outgoing

FOREIGN = "log:"
MAX_NAME_CHARS = 256
MAX_DECODED_BYTES = 64 << 20
CLEANED = {"upstream_url": mask_url, "path": mask_url, "error": redact_text}
OURS = frozenset({"key_id", "attempt", "body_ref", "request_body", "response_body"})


@dataclass(frozen=True, slots=True)
class Taken:
    """What is to be published of a line: a record, bodies that are yet to be encoded, or a body.

    `identity` is the same for a line that says the same exchange once more.
    """

    identity: tuple[str, str, str]
    record: Outgoing | None = None
    bodies: BodyEnvelope | None = None
    body: Outgoing | None = None


class LineReader:
    """Reads lines; names what they leave unnamed."""

    def __init__(self, topics: Topics, *, producer_id: str, ids: Ids, clock: Clock) -> None:
        """`producer_id` is this process's, for records that name no producer."""
        self._topics = topics
        self._producer_id = producer_id
        self._ids = ids
        self._clock = clock
        # Lines are read in several threads; `next` is one step for all of them.
        self._sequence = count()

    def read(self, raw: bytes, *, trusted: bool, tenant: str = DEFAULT_TENANT) -> Taken:
        """What a line holds; `trusted` if it came with the token, else it is `tenant`'s.

        Raises: RecordError.
        """
        line = parse_line(raw)
        if line.bodies is not None:
            if not trusted:
                raise RecordError("needs_token", "bodies alone are taken with the internal token")
            return self._bodies(line.bodies)
        members = dict(line.record or {})
        if not trusted:
            _disown(members, raw, tenant)
        _clean(members)
        self._name(members)
        value = orjson.dumps(members)
        record = decode_record(value)
        if not trusted or line.parts:
            record = _with_states(record, line, trusted=trusted)
            value = encode_record(record)
        key = exchange_key(record.tenant, record.user, record.request_id)
        return Taken(
            ("record", record.tenant, record.request_id),
            record=Outgoing(self._topics.exchanges, key, value),
            bodies=_envelope(record, line.parts),
        )

    def _bodies(self, value: bytes) -> Taken:
        if len(value) > MAX_MESSAGE_BYTES:
            raise RecordError("too_large", f"bodies of {len(value)} bytes")
        envelope = decode_bodies(value, MAX_DECODED_BYTES)
        message = Outgoing(self._topics.bodies, envelope.request_id.encode(), value)
        return Taken(("bodies", envelope.tenant, envelope.request_id), body=message)

    def _name(self, members: dict[str, Any]) -> None:
        """Give the record what it must have and does not say."""
        if members.get("request_id") is None:
            members["request_id"] = self._ids.request_id()
        if members.get("producer_id") is None:
            members["producer_id"] = FOREIGN + self._producer_id
            members["sequence"] = next(self._sequence)
        if members.get("produced_at") is None:
            members["produced_at"] = utc(self._clock.now_s()).isoformat()


def lost(taken: Taken, state: BodyState) -> Taken:
    """The same exchange whose bodies could not be kept; its record says so. Raises: RecordError."""
    assert taken.record is not None
    record = decode_record(taken.record.value)
    changes = {f"{side}_body": state for side in SIDES if _state(record, side) == "kept"}
    told = record.model_copy(update={"body_ref": None, **changes})
    message = replace(taken.record, value=encode_record(told))
    return replace(taken, record=message, bodies=None)


def _disown(members: dict[str, Any], raw: bytes, tenant: str) -> None:
    """Take from a record what only the processes of this deployment may say."""
    own_id = members.pop("request_id", None)
    if members.get("client_request_id") is None and isinstance(own_id, str):
        members["client_request_id"] = own_id[:MAX_NAME_CHARS]
    for name in OURS:
        members.pop(name, None)
    members["tenant"] = tenant
    producer = members.get("producer_id")
    if isinstance(producer, str):
        members["producer_id"] = (FOREIGN + producer)[:MAX_NAME_CHARS]
        if members.get("sequence") is not None:
            members["request_id"] = _digest_id(raw)


def _clean(members: dict[str, Any]) -> None:
    """Mask the credentials that whoever made the record may have left in it."""
    for name, clean in CLEANED.items():
        if isinstance(value := members.get(name), str):
            members[name] = clean(value)


def _digest_id(raw: bytes) -> str:
    """A UUIDv8 (RFC 9562 §5.8) of a line's bytes."""
    digest = bytearray(hashlib.blake2b(raw, digest_size=16).digest())
    digest[6] = 0x80 | digest[6] & 0x0F
    digest[8] = 0x80 | digest[8] & 0x3F
    return str(uuid.UUID(bytes=bytes(digest)))


def _with_states(record: Record, line: Line, *, trusted: bool) -> Record:
    """The record of what came with its line; a token's word on a side that did not is kept."""
    changes: dict[str, Any] = {f"{side}_body": "kept" for side in line.parts}
    if line.parts and (record.body_ref is None or not trusted):
        changes["body_ref"] = f"bodies/{record.request_id}"
    return record.model_copy(update=changes)


def _envelope(record: Record, parts: dict[str, BodyPart]) -> BodyEnvelope | None:
    if not parts:
        return None
    return BodyEnvelope(
        record.tenant,
        record.request_id,
        record.started_at,
        parts.get("request"),
        parts.get("response"),
    )


def _state(record: Record, side: str) -> BodyState:
    return record.request_body if side == "request" else record.response_body
