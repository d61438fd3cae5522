"""One exchange on its way out: its sizes, and what becomes of its body."""

from proxy.publisher.entry import ENTRY_BYTES, OBJECT_BYTES, Entry
from proxy.publisher.outgoing import Outgoing
from tests.support.finished import finished

MESSAGE = Outgoing("e", b"k", b"r" * 2000)
BODY = Outgoing("b", b"k", b"b" * 300)


def test_sizes_of_objects_and_of_messages() -> None:
    """An estimate, then exact; without a body, then with one."""
    entry = Entry(finished(0))
    assert (entry.bytes, entry.body_bytes, entry.body_done) == (ENTRY_BYTES + OBJECT_BYTES, 0, True)
    entry = Entry(finished(0, 1000))
    assert (entry.bytes, entry.body_bytes) == (ENTRY_BYTES + OBJECT_BYTES + 1000, 1000)
    entry.encoded(MESSAGE, BODY)
    assert (entry.bytes, entry.body_bytes) == (ENTRY_BYTES + 2000 + 300, 300)
    assert entry.draft is None
    assert entry.bodies is None


def test_a_body_dropped_before_its_encoding_stays_dropped() -> None:
    """The message knows of it; there is nothing left to tell."""
    entry = Entry(finished(0, 1000))
    entry.drop_body("dropped")
    assert entry.lost_body == "dropped"
    entry.encoded(MESSAGE, BODY)
    assert (entry.body, entry.body_done, entry.lost_body) == (None, True, None)
    assert entry.bytes == ENTRY_BYTES + 2000


def test_a_body_dropped_after_the_record_went_out_has_nobody_to_tell() -> None:
    """The record cannot be changed any more."""
    entry = Entry(finished(0, 1000))
    entry.encoded(MESSAGE, BODY)
    entry.record_done = True
    entry.drop_body("dropped")
    assert entry.lost_body is None
    assert entry.bytes == ENTRY_BYTES + 2000


def test_what_is_released_holds_nothing() -> None:
    """Neither objects nor messages."""
    entry = Entry(finished(0, 1000))
    entry.release()
    assert entry.is_gone
    assert (entry.draft, entry.bodies, entry.message, entry.body) == (None,) * 4
