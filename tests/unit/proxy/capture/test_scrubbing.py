import gzip

import pytest

from app.record.bodies import BodyPart
from proxy.capture.body_copy import BodyCopy
from proxy.capture.capture import Capture
from proxy.capture.scrubbing import Scrubber, cleaned, scrub_text
from tests.support.captures import LIMITS, call_meta, ended

SECRETS = (b"canary-0123456789", b"canary-other")
BODY = b'{"a": "canary-0123456789", "b": "canary-01", "c": "canary-other"}'
CLEAN = BODY.replace(SECRETS[0], b"*" * 17).replace(SECRETS[1], b"*" * 12)


@pytest.mark.parametrize("size", range(1, len(BODY) + 1))
def test_whatever_the_cut_nothing_else_changes(size: int) -> None:
    scrubber = Scrubber(SECRETS)
    given = [scrubber.feed(BODY[at : at + size]) for at in range(0, len(BODY), size)]
    assert b"".join(given) + scrubber.flush() == CLEAN
    assert scrubber.found


def test_a_body_that_ends_with_the_beginning_of_a_credential_is_whole() -> None:
    copy = BodyCopy(100, None, SECRETS)
    copy.add(b"x canary-")
    assert copy.data() == b"x canary-"
    assert copy.fate == "kept"


def test_what_was_held_back_counts_to_the_limit() -> None:
    copy = BodyCopy(8, None, SECRETS)
    copy.add(b"x canary-")
    assert copy.fate == "too_large"


def test_a_compressed_error_is_kept_decoded_where_it_must_be_cleaned() -> None:
    part = BodyPart("application/json", "gzip", gzip.compress(BODY))
    assert cleaned(part, SECRETS, is_error=True) == BodyPart("application/json", "", CLEAN)
    harmless = BodyPart("application/json", "gzip", gzip.compress(b'{"a": 1}'))
    assert cleaned(harmless, SECRETS, is_error=True) is harmless
    broken = BodyPart("application/json", "gzip", b"no gzip at all")
    assert cleaned(broken, SECRETS, is_error=True) is broken


def test_a_text_may_be_cut_within_a_credential() -> None:
    assert scrub_text("wrong key: canary-0123456789!", SECRETS) == "wrong key: ***!"
    assert scrub_text("wrong key: canary-01234...", SECRETS) == "wrong key: ***"
    assert scrub_text("wrong key: sk-proj-0123456789abcdef", ()) == "wrong key: ***"
    assert scrub_text(None, SECRETS) is None


@pytest.mark.parametrize(
    "secret",
    ["sk-proj-0123456789", "sk-ant-api03-xxxxxxxxx", "AIzaSyA0123456789", "Bearer abcdefghij"],
)
def test_keys_of_others_are_masked_wherever_they_stand(secret: str) -> None:
    masked = scrub_text(f"bad key {secret} given", ())
    assert masked is not None
    assert secret[-8:] not in masked
    assert masked.startswith("bad key ")
    assert masked.endswith("*** given")
    across = scrub_text("- " * 245 + " " + secret * 20, ())
    assert across is not None
    assert len(across) <= 500
    assert secret[-8:] not in across


@pytest.mark.parametrize("encoding", ["", "gzip"])
@pytest.mark.parametrize("status", [200, 401])
def test_a_provider_that_says_the_key_back_is_not_quoted(status: int, encoding: str) -> None:
    said = b'{"error": {"message": "bad key canary-0123456789", "type": "auth"}}'
    body = gzip.compress(said) if encoding else said
    capture = Capture(call_meta(secrets=SECRETS), LIMITS, "openai")
    capture.feed_request(b'{"model": "m", "my_key": "canary-other"}')
    capture.request_sent(100.5)
    capture.response_started(status, "application/json", encoding, None, 101.0)
    for at in range(len(body)):
        capture.feed_response([body[at : at + 1]], [101.5])
    finished = ended(capture)
    assert finished.bodies is not None
    parts = [finished.bodies.request, finished.bodies.response]
    kept = [part.data for part in parts if part is not None]
    assert len(kept) == 2
    text = finished.record.model_dump_json().encode() + b"".join(kept)
    assert b"canary" not in text
    assert b"bad key" in text
    assert "bad key" in (finished.record.error or "")
    assert finished.record.response_bytes == len(body)


def test_the_credentials_of_a_call_are_not_in_its_repr() -> None:
    assert "canary" not in repr(call_meta(secrets=SECRETS))
