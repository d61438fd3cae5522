"""An exchange as messages: the record under its user's key, the bodies under the request id.

All functions are pure and raise RecordError alone: what cannot be written now never can be.
"""

from typing import Final

from app.errors import RecordError
from app.record.bodies import BodyEnvelope
from app.record.body_codec import encode_bodies
from app.record.codec import decode_record
from app.record.draft import Draft, drafted
from app.record.keys import exchange_key
from app.record.model import BodyState
from app.record.topics import Topics
from proxy.publisher.outgoing import Outgoing

MAX_MESSAGE_BYTES: Final = 8 << 20
SIDES: Final = ("request_body", "response_body")


def record_message(draft: Draft, topics: Topics) -> Outgoing:
    """The record as a message. Raises: RecordError (`invalid`, `too_large`)."""
    fields = draft.fields
    key = exchange_key(fields["tenant"], fields["user"], fields["request_id"])
    return Outgoing(topics.exchanges, key, draft.encode())


def body_message(
    bodies: BodyEnvelope, topics: Topics, max_bytes: int = MAX_MESSAGE_BYTES
) -> Outgoing:
    """The bodies as a message of at most `max_bytes`. Raises: RecordError (`too_large`, …).

    Compresses: tens of microseconds for a few kilobytes, a millisecond for every 300 KB.
    """
    value = encode_bodies(bodies)
    if len(value) > max_bytes:
        raise RecordError("too_large", f"bodies of {len(value)} bytes, at most {max_bytes}")
    return Outgoing(topics.bodies, bodies.request_id.encode(), value)


def told(draft: Draft, lost: BodyState) -> Draft:
    """The record of an exchange whose bodies are lost: what it kept is now `lost`."""
    fields = draft.fields
    changes = {side: lost for side in SIDES if fields.get(side) == "kept"}
    return draft.changed(body_ref=None, **changes)


def retold(message: Outgoing, lost: BodyState) -> Outgoing:
    """`told` for a record that is encoded already. Raises: RecordError."""
    value = told(drafted(decode_record(message.value)), lost).encode()
    return Outgoing(message.topic, message.key, value)
