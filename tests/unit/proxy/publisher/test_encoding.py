"""Messages of an exchange, the ones that cannot be made, and records that are told of a loss."""

import pytest

from app.errors import RecordError
from app.record.body_codec import decode_bodies
from app.record.codec import decode_record
from app.record.draft import drafted
from app.record.topics import Topics
from proxy.publisher.encoding import body_message, record_message, retold, told
from tests.support.finished import finished

TOPICS = Topics()


def test_record_and_bodies_have_their_topics_and_keys() -> None:
    """The record under `tenant|user`, anonymous ones spread; the bodies under the request id."""
    exchange = finished(7, 100)
    message = record_message(exchange.draft, TOPICS)
    assert (message.topic, message.key) == (TOPICS.exchanges, b"default|alice")
    assert decode_record(message.value) == exchange.record
    anonymous = exchange.draft.changed(user="anonymous")
    assert record_message(anonymous, TOPICS).key.startswith(b"default|anonymous|\x00")
    assert exchange.bodies is not None
    body = body_message(exchange.bodies, TOPICS)
    assert (body.topic, body.key) == (TOPICS.bodies, exchange.record.request_id.encode())
    assert decode_bodies(body.value) == exchange.bodies


def test_a_record_that_cannot_be_written_is_no_message() -> None:
    """A lone surrogate is no UTF-8."""
    broken = finished(0).draft.changed(error="\ud800")
    with pytest.raises(RecordError, match="invalid"):
        record_message(broken, TOPICS)


def test_bodies_over_the_limit_are_no_message() -> None:
    """The limit is on the encoded bytes: what compresses well may be longer."""
    bodies = finished(0, 100_000).bodies
    assert bodies is not None
    assert len(body_message(bodies, TOPICS, 1000).value) <= 1000
    with pytest.raises(RecordError, match="too_large"):
        body_message(bodies, TOPICS, 50)


def test_a_record_is_told_of_the_bodies_that_were_kept() -> None:
    """One side was empty: that stays true."""
    record = finished(0, 10).record
    changed = told(drafted(record), "dropped").record()
    assert (changed.request_body, changed.response_body) == ("empty", "dropped")
    assert changed.body_ref is None
    same = {"body_ref", "response_body"}
    assert changed.model_dump(exclude=same) == record.model_dump(exclude=same)


def test_a_message_is_told_as_its_record_is() -> None:
    """Topic and key stay."""
    draft = finished(0, 10).draft
    message = record_message(draft, TOPICS)
    again, once = retold(message, "dropped"), record_message(told(draft, "dropped"), TOPICS)
    assert (again.topic, again.key) == (once.topic, once.key)
    assert decode_record(again.value) == decode_record(once.value)
