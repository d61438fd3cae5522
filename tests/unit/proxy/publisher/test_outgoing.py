"""Messages as outlets take them; what an outlet does is in the conformance suite."""

from proxy.publisher.outgoing import Outgoing


def test_a_message_is_equal_by_value_and_sorted_by_topic_first() -> None:
    one = Outgoing("a", b"k", b"v")
    assert one == Outgoing("a", b"k", b"v")
    assert one < Outgoing("b", b"a", b"a")
