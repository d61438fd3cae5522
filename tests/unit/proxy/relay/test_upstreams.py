import pytest

from app.errors import StartError
from config.sections import UpstreamSettings
from proxy.relay.upstreams import Upstreams


def one(url: str, dialect: str = "raw") -> dict[str, UpstreamSettings]:
    return {"mine": UpstreamSettings(base_url=url, dialect=dialect)}  # type: ignore[arg-type]


def test_the_built_in_ones() -> None:
    table = Upstreams.build({}, "openai")
    assert {name: (each.origin, each.dialect) for name, each in table.by_name.items()} == {
        "openai": ("https://api.openai.com", "openai"),
        "anthropic": ("https://api.anthropic.com", "anthropic"),
        "gemini": ("https://generativelanguage.googleapis.com", "gemini"),
    }
    assert table.default.name == "openai"


def test_configured_ones_are_added_and_win() -> None:
    table = Upstreams.build(one("http://h:1/base/") | {"openai": one("http://o")["mine"]}, "mine")
    assert (table.default.origin, table.default.base_path) == ("http://h:1", "/base")
    assert table.by_name["openai"].origin == "http://o"


def test_the_mock_speaks_by_path() -> None:
    mock = Upstreams.build({}, "mock", "http://127.0.0.1:1/internal/mock").by_name["mock"]
    assert mock.base_path == "/internal/mock"
    assert mock.dialect_of("/v1/messages?x") == "anthropic"
    assert mock.dialect_of("/v1/chat/completions") == "openai"


def test_any_other_speaks_what_is_configured() -> None:
    upstream = Upstreams.build(one("http://h", "gemini"), "mine").default
    assert upstream.dialect_of("/v1/messages") == "gemini"


def test_userinfo_becomes_a_header_and_leaves_the_address() -> None:
    upstream = Upstreams.build(one("http://me:p%40ss@h:8/x"), "mine").default
    assert upstream.origin == "http://h:8"
    assert upstream.authorization == b"Basic bWU6cEBzcw=="


@pytest.mark.parametrize("url", ["http://:80/x", "http://h:99999/", "http://h:x/"])
def test_an_unusable_address_stops_the_start(url: str) -> None:
    with pytest.raises(StartError, match="mine"):
        Upstreams.build(one(url), "mine")


def test_a_reserved_name_stops_the_start() -> None:
    with pytest.raises(StartError, match="reserved"):
        Upstreams.build({"api": one("http://h")["mine"]}, "openai")


def test_an_unknown_default_stops_the_start_and_names_the_known() -> None:
    with pytest.raises(StartError, match="anthropic, gemini, openai"):
        Upstreams.build({}, "nope")
