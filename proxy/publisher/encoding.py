"""An exchange as messages: the record under its user's key, the bodies under the request id.

All functions are pure and raise RecordError alone: what cannot be written now never can be.
"""

from app.errors import RecordError
from app.record.bodies import BodyEnvelope
from app.record.body_codec import encode_bodies
from app.record.codec import decode_record, encode_record
from app.record.keys import exchange_key
from app.record.model import BodyState, Record
from app.record.topics import Topics
from proxy.publisher.outlet import Outgoing

MAX_MESSAGE_BYTES = 8 << 20


def record_message(record: Record, topics: Topics) -> Outgoing:
    """The record as a message. Raises: RecordError (`invalid`, `too_large`)."""
    key = exchange_key(record.tenant, record.user, record.request_id)
    return Outgoing(topics.exchanges, key, encode_record(record))


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


def told(record: Record, lost: BodyState) -> Record:
    """The record of an exchange whose bodies are lost: what it kept is now `lost`."""
    changes = {
        "body_ref": None,
        "request_body": lost if record.request_body == "kept" else record.request_body,
        "response_body": lost if record.response_body == "kept" else record.response_body,
    }
    return record.model_copy(update=changes)


def retold(message: Outgoing, lost: BodyState) -> Outgoing:
    """`told` for a record that is encoded already. Raises: RecordError."""
    return message._replace(value=encode_record(told(decode_record(message.value), lost)))
