"""The address of a resumable upload leads back through the relay."""

import pytest
from aiohttp.test_utils import make_mocked_request

from proxy.relay.headers import ResponseHead
from proxy.relay.upload_url import MODIFIED, base_of, lead_back, may_tell_address, moved
from proxy.relay.upstreams import Upstream

GOOGLE = "https://generativelanguage.googleapis.com"
PATH = "/upload/v1beta/files"
TOLD = f"{GOOGLE}{PATH}?upload_id=ABC&upload_protocol=resumable"


def led(value: str, **headers: str) -> list[tuple[bytes, bytes]]:
    """The fields that reach a client of `http://relay:8787/gemini`."""
    head = ResponseHead(passed=[(b"Date", b"x"), (b"X-Goog-Upload-URL", value.encode())])
    request = make_mocked_request(
        "POST", f"/gemini{PATH}?key=k", headers={"Host": "relay:8787"} | headers
    )
    lead_back(head, request, Upstream("gemini", "gemini", GOOGLE, ""), PATH)
    return head.passed


def test_the_provider_s_own_address_becomes_ours_and_the_answer_says_so() -> None:
    ours = f"http://relay:8787/gemini{PATH}?upload_id=ABC&upload_protocol=resumable".encode()
    assert led(TOLD) == [(b"Date", b"x"), (b"X-Goog-Upload-URL", ours), MODIFIED]


def test_the_scheme_is_the_outer_proxy_s() -> None:
    assert led(TOLD, **{"X-Forwarded-Proto": "https"})[1][1].startswith(b"https://relay:8787/")
    assert led(TOLD, **{"X-Forwarded-Proto": "no scheme"})[1][1].startswith(b"http://relay:8787/")


@pytest.mark.parametrize(
    "other", ["https://storage.googleapis.com/upload/x", "/upload/x", "https://[", "", "http://a:b"]
)
def test_another_address_stays(other: str) -> None:
    assert led(other)[1:] == [(b"X-Goog-Upload-URL", other.encode())]


def test_a_base_path_is_taken_off() -> None:
    assert moved("http://a/g/upload/x", "http://a/g", "http://us/p") == "http://us/p/upload/x"
    assert moved("http://a/gone/upload/x", "http://a/g", "http://us/p") is None


def test_a_request_that_does_not_tell_where_it_went() -> None:
    nameless = make_mocked_request("POST", f"/gemini{PATH}")
    assert base_of(nameless, PATH) is None
    whole = make_mocked_request("POST", f"http://elsewhere{PATH}", headers={"Host": "elsewhere"})
    assert base_of(whole, PATH) is None


def test_only_uploads_are_looked_at() -> None:
    assert may_tell_address(PATH)
    assert not may_tell_address("/v1beta/files")
