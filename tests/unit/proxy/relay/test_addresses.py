"""Addresses by which a client goes on lead back through the relay."""

import pytest
from aiohttp.test_utils import make_mocked_request

from proxy.relay.addresses import lead_back, may_tell_address
from proxy.relay.headers import ResponseHead
from proxy.relay.upstreams import Upstream

GOOGLE = "https://generativelanguage.googleapis.com"
UPLOAD = "/upload/v1beta/files"
TOLD = f"{GOOGLE}{UPLOAD}?upload_id=ABC&upload_protocol=resumable"


def led(
    field: str,
    value: str,
    status: int = 200,
    *,
    path: str = UPLOAD,
    prefix: str = "/gemini",
    base_path: str = "",
    **headers: str,
) -> list[tuple[bytes, bytes]]:
    """The fields after the first that reach a client of `http://relay:8787/{prefix}`."""
    head = ResponseHead(passed=[(b"Date", b"x"), (field.encode(), value.encode())])
    fields = {"Host": "relay:8787"} | {
        name.replace("_", "-"): text for name, text in headers.items()
    }
    request = make_mocked_request("POST", f"{prefix}{path}?key=k", headers=fields)
    assert may_tell_address(status, path)
    lead_back(head, status, request, Upstream("gemini", "gemini", GOOGLE, base_path), path)
    return head.passed[1:]


def located(value: str, **options: str) -> str:
    """What becomes of the `Location` of a redirect."""
    passed = led("Location", value, 307, path="/v1/chat", **options)  # type: ignore[arg-type]
    becomes = passed[0][1].decode()
    assert passed[1:] == ([] if becomes == value else [(b"tailrace-modified", b"location")])
    return becomes


def test_the_address_of_an_upload_becomes_ours_and_the_answer_says_so() -> None:
    ours = f"http://relay:8787/gemini{UPLOAD}?upload_id=ABC&upload_protocol=resumable".encode()
    modified = (b"tailrace-modified", b"x-goog-upload-url")
    assert led("X-Goog-Upload-URL", TOLD) == [(b"X-Goog-Upload-URL", ours), modified]


@pytest.mark.parametrize("key", ["Tailrace_Auth", "Helicone_Auth"])
def test_an_upload_that_needed_a_key_goes_on_without_us(key: str) -> None:
    passed = led("X-Goog-Upload-URL", TOLD, **{key: "Bearer k"})  # type: ignore[arg-type]
    assert passed == [(b"X-Goog-Upload-URL", TOLD.encode())]
    assert located("/v1/chat/", **{key: "Bearer k"}) == "/gemini/v1/chat/"


def test_the_scheme_is_the_outer_proxy_s() -> None:
    ours = led("X-Goog-Upload-URL", TOLD, X_Forwarded_Proto="https")[0][1]
    assert ours.startswith(b"https://relay:8787/gemini/")
    ours = led("X-Goog-Upload-URL", TOLD, X_Forwarded_Proto="no scheme")[0][1]
    assert ours.startswith(b"http://relay:8787/gemini/")


def test_a_redirect_of_the_provider_to_itself_stays_with_us() -> None:
    assert located(f"{GOOGLE}/v1/chat/?a=b#c") == "http://relay:8787/gemini/v1/chat/?a=b#c"
    assert located("/v1/chat/?a=b") == "/gemini/v1/chat/?a=b"
    assert located("/v1/chat/", prefix="") == "/v1/chat/"
    assert located(f"{GOOGLE}/v1/chat/", prefix="") == "http://relay:8787/v1/chat/"


def test_a_base_path_is_taken_off() -> None:
    assert located(f"{GOOGLE}/g/v1/", base_path="/g") == "http://relay:8787/gemini/v1/"
    assert located("/g/v1/", base_path="/g") == "/gemini/v1/"
    assert located("/gone/v1/", base_path="/g") == "/gone/v1/"


@pytest.mark.parametrize(
    "other",
    [
        "https://storage.googleapis.com/x",
        f"{GOOGLE}:8443/x",
        GOOGLE.replace("https", "http") + "/x",
        "//elsewhere/x",
        "beside",
        "?a=b",
        "https://[",
        "",
        "http://a:b",
    ],
)
def test_another_address_stays(other: str) -> None:
    assert located(other) == other
    assert led("X-Goog-Upload-URL", other) == [(b"X-Goog-Upload-URL", other.encode())]


def test_what_has_no_path_here_stays() -> None:
    assert located(f"{GOOGLE}/other", prefix="") == f"{GOOGLE}/other"


def test_a_request_that_does_not_tell_where_it_went() -> None:
    for request in (
        make_mocked_request("POST", f"/gemini{UPLOAD}"),
        make_mocked_request("POST", f"http://elsewhere{UPLOAD}", headers={"Host": "elsewhere"}),
    ):
        head = ResponseHead(passed=[(b"X-Goog-Upload-URL", TOLD.encode())])
        lead_back(head, 200, request, Upstream("gemini", "gemini", GOOGLE, ""), UPLOAD)
        assert head.passed == [(b"X-Goog-Upload-URL", TOLD.encode())]


def test_only_redirects_and_uploads_are_looked_at() -> None:
    assert may_tell_address(200, UPLOAD)
    assert may_tell_address(308, "/v1/chat")
    assert not may_tell_address(200, "/v1beta/files")
    assert not may_tell_address(304, "/v1/files")
