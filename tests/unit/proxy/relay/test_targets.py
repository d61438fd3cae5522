import pytest

from app.errors import RelayRefused, StartError
from config.sections import UpstreamSettings
from proxy.relay.targets import Targets, names_target
from proxy.relay.upstreams import Upstreams

MINE = UpstreamSettings(base_url="http://me:it@llm.example.com:8000/v1", dialect="anthropic")
TABLE = Upstreams.build({"mine": MINE}, "openai", "http://127.0.0.1:6066/internal/mock")
ALLOWED = "https://api.groq.com, https://*.openai.azure.com,http://[::1]:9"
TARGETS = Targets(TABLE, ALLOWED)


def refusal(value: bytes) -> str:
    with pytest.raises(RelayRefused) as caught:
        TARGETS.upstream([(b"tailrace-target-url", value)])
    assert value.decode("latin-1") not in str(caught.value)
    return caught.value.code


def test_a_call_that_names_none_goes_as_routed() -> None:
    assert TARGETS.upstream([(b"tailrace-user-id", b"x"), (b"tailrace-target-url", b" ")]) is None


@pytest.mark.parametrize(
    ("value", "name", "origin"),
    [
        (b"https://api.groq.com", "api.groq.com", "https://api.groq.com"),
        (b"https://API.groq.com:443/openai", "api.groq.com", "https://api.groq.com"),
        (b"https://a.openai.azure.com/", "openai.azure.com", "https://a.openai.azure.com"),
        (b"http://[::1]:9", "::1", "http://[::1]:9"),
        (b"https://api.anthropic.com", "anthropic", "https://api.anthropic.com"),
    ],
)
def test_an_allowed_address(value: bytes, name: str, origin: str) -> None:
    found = TARGETS.upstream([(b"helicone-target-url", value)])
    assert found is not None
    assert (found.name, found.origin, found.base_path) == (name, origin, "")


def test_an_upstreams_address_brings_its_dialect_and_not_its_credentials() -> None:
    found = TARGETS.upstream([(b"helicone-openai-api-base", b"http://llm.example.com:8000")])
    assert found is not None
    assert (found.name, found.dialect, found.authorization) == ("mine", "anthropic", None)


@pytest.mark.parametrize(
    "value",
    [
        b"http://api.groq.com",
        b"https://api.groq.com:444",
        b"https://api.groq.com.evil.example",
        b"https://openai.azure.com",
        b"https://evilopenai.azure.com",
        b"http://127.0.0.1:6066",
        b"http://169.254.169.254",
    ],
)
def test_any_other_address_is_refused(value: bytes) -> None:
    assert refusal(value) == "target_not_allowed"


@pytest.mark.parametrize(
    "value",
    [
        b"api.groq.com",
        b"ftp://api.groq.com",
        b"https://key@api.groq.com",
        b"https://api.groq.com\\@evil",
        b"https://api.groq.com:99999",
        b"https://[x",
        b"https://",
        b"https://a\x01b",
    ],
)
def test_what_is_no_address_is_refused(value: bytes) -> None:
    assert refusal(value) == "invalid_header"


@pytest.mark.parametrize("entry", ["groq.com", "https://*", "https://a.*.b", "https://u:p@h"])
def test_an_entry_that_is_no_address_stops_the_start(entry: str) -> None:
    with pytest.raises(StartError, match="TAILRACE_RELAY__TARGETS"):
        Targets(TABLE, entry)


def test_fields_are_known_whatever_their_case() -> None:
    assert names_target([(b"Host", b"x"), (b"HELICONE-Target-URL", b"x")])
    assert not names_target([(b"Host", b"x")])
