"""What is known of a call without its bodies."""

from app.clock import utc
from proxy.capture.call_fields import fields_of_call, user_of
from proxy.dialects.base import RequestFacts
from proxy.exchange import Stamp
from tests.support.captures import call_meta

STAMP = Stamp("p", 7, utc(1_700_000_000))


def test_what_was_not_said_is_left_out() -> None:
    said = fields_of_call(call_meta(), "openai", STAMP)
    assert "session_id" not in said
    assert None not in said.values()
    assert (said["producer_id"], said["sequence"], said["user"]) == ("p", 7, "anonymous")


def test_what_was_said_is_there() -> None:
    said = fields_of_call(call_meta(session_id="s", user="bob", client_retry_count=0), "x", STAMP)
    assert (said["session_id"], said["user"], said["client_retry_count"]) == ("s", "bob", 0)


def test_whose_it_is() -> None:
    """The header's word first; a name that is too long is nobody's."""
    meta, named = call_meta(), call_meta(user="bob")
    assert user_of(named, RequestFacts(user="alice")) == ("bob", False)
    assert user_of(meta, RequestFacts(user="alice")) == ("alice", False)
    assert user_of(meta, RequestFacts()) == ("anonymous", False)
    assert user_of(meta, RequestFacts(user="é" * 129)) == ("anonymous", True)
