"""Where a call goes: what becomes of targets and fields; the rest is in the relay's own tests."""

import pytest
from aiohttp.test_utils import make_mocked_request

from app.errors import RelayRefused
from proxy.relay.destination import origin_form, outgoing_of
from proxy.relay.headers import split_request
from proxy.relay.upstreams import Upstream

PLAIN = Upstream("x", "openai", "https://host", "/base")
OURS = Upstream("x", "openai", "https://host", "", authorization=b"Basic abc")
THEIRS = (b"authorization", b"Bearer theirs")


@pytest.mark.parametrize(
    ("target", "whole"),
    [
        ("/v1/x?a=1", "/v1/x?a=1"),
        ("http://relay/v1/x?a=1", "/v1/x?a=1"),
        ("http://relay", "/"),
    ],
)
def test_the_path_of_a_target_in_either_form(target: str, whole: str) -> None:
    assert origin_form(make_mocked_request("POST", target)) == whole


def test_a_target_is_appended_to_the_base() -> None:
    outgoing = outgoing_of("POST", PLAIN, "/v1/x", split_request([THEIRS]))
    assert (outgoing.origin, outgoing.target) == ("https://host", "/base/v1/x")
    assert outgoing.headers == [THEIRS]


@pytest.mark.parametrize(
    ("sent", "passed"),
    [([], [(b"Authorization", b"Basic abc")]), ([THEIRS], [THEIRS])],
)
def test_our_credentials_go_where_the_client_has_none(
    sent: list[tuple[bytes, bytes]], passed: list[tuple[bytes, bytes]]
) -> None:
    assert outgoing_of("POST", OURS, "/", split_request(sent)).headers == passed


def test_a_path_that_no_url_can_hold_is_refused() -> None:
    with pytest.raises(RelayRefused) as refused:
        outgoing_of("POST", PLAIN, "/\u00e9", split_request([]))
    assert refused.value.code == "invalid_path"


@pytest.mark.parametrize(
    "values", [[b"gzip, chunked"], [b"gzip", b"chunked"], [b"chunked", b"gzip"], [b"identity"]]
)
def test_a_transfer_coding_that_would_be_lost_is_refused(values: list[bytes]) -> None:
    head = split_request([(b"Transfer-Encoding", value) for value in values])
    with pytest.raises(RelayRefused, match="Transfer-Encoding must be chunked") as refused:
        outgoing_of("POST", PLAIN, "/", head)
    assert (refused.value.status, refused.value.code) == (400, "invalid_header")


@pytest.mark.parametrize("value", [b"chunked", b" Chunked "])
def test_chunks_are_no_such_coding(value: bytes) -> None:
    outgoing = outgoing_of("POST", PLAIN, "/", split_request([(b"Transfer-Encoding", value)]))
    assert outgoing.headers == []
