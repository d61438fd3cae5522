"""Messages of an exchange, and the ones that cannot be made."""

from dataclasses import replace

from app.record.topics import Topics
from proxy.publisher.encoding import body_message, record_message
from tests.support.finished import finished

TOPICS = Topics()


def test_a_record_that_cannot_be_written_is_no_message() -> None:
    """A lone surrogate is no UTF-8; the publisher counts it as refused."""
    exchange = finished(0)
    broken = exchange.record.model_copy(update={"user": "\ud800"})
    assert record_message(replace(exchange, record=broken), TOPICS) is None
    assert record_message(exchange, TOPICS) is not None


def test_bodies_over_the_limit_are_no_message() -> None:
    """The limit is on the encoded bytes: what compresses well may be longer."""
    assert body_message(finished(0), TOPICS, 1 << 20) is None
    assert body_message(finished(0, 100_000), TOPICS, 1 << 20) is not None
    assert body_message(finished(0, 100_000), TOPICS, 50) is None
