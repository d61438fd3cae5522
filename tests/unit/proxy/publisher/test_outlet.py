"""Messages as outlets take them; what an outlet does is in the conformance suite."""

from proxy.publisher.outlet import Outgoing


def test_a_message_comes_apart_as_topic_key_value() -> None:
    """In this order, and without a copy of its value."""
    value = b"x" * 1000
    topic, key, same = Outgoing("t", b"k", value)
    assert (topic, key) == ("t", b"k")
    assert same is value
