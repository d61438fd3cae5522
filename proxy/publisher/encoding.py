"""An exchange as messages: the record under its user's key, the bodies under the request id."""

from app.errors import RecordError
from app.record.body_codec import encode_bodies
from app.record.codec import encode_record
from app.record.keys import exchange_key
from app.record.topics import Topics
from proxy.exchange import Finished
from proxy.publisher.outlet import Outgoing


def record_message(finished: Finished, topics: Topics) -> Outgoing | None:
    """The record as a message; None for one that cannot be written, which no retry would mend."""
    record = finished.record
    try:
        value = encode_record(record)
    except RecordError:
        return None
    key = exchange_key(record.tenant, record.user, record.request_id)
    return Outgoing(topics.exchanges, key, value)


def body_message(finished: Finished, topics: Topics, max_bytes: int) -> Outgoing | None:
    """The bodies as a message; None if they cannot be written or are over `max_bytes` encoded.

    Compresses: tens of microseconds for a few kilobytes, a millisecond for every 300 KB.
    """
    if finished.bodies is None:
        return None
    try:
        value = encode_bodies(finished.bodies)
    except RecordError:
        return None
    if len(value) > max_bytes:
        return None
    return Outgoing(topics.bodies, finished.record.request_id.encode(), value)
