import base64

import pytest

from config.sections import UpstreamSettings
from proxy.relay.headers import split_request
from proxy.relay.secrets import credentials_of
from proxy.relay.upstreams import Upstreams

TABLE = Upstreams.build({"mine": UpstreamSettings(base_url="http://me:canary-pass@h")}, "openai")
PAIR = base64.b64encode(b"me:canary/pass")


def found(
    *fields: tuple[bytes, bytes], target: str = "/v1/x", upstream: str = "openai"
) -> set[bytes]:
    return set(credentials_of(split_request(fields), target, TABLE.by_name[upstream]))


@pytest.mark.parametrize(
    "name", [b"X-Api-Key", b"api-key", b"x-goog-api-key", b"Authorization", b"Tailrace-Auth"]
)
def test_the_value_of_every_field_that_carries_one(name: bytes) -> None:
    assert found((name, b"canary-1")) == {b"canary-1"}
    assert found((name, b"Bearer canary-1")) == {b"canary-1"}


def test_a_name_and_password_are_decoded() -> None:
    forms = found((b"Authorization", b"Basic " + PAIR))
    assert {PAIR, b"me:canary/pass", b"canary/pass", b"canary\\/pass"} <= forms


def test_a_query_as_it_came_and_decoded() -> None:
    assert found(target="/v1/x?alt=sse&key=canary%2B1") == {b"canary%2B1", b"canary+1"}


def test_the_configured_user_info_of_an_upstream() -> None:
    assert b"canary-pass" in found(upstream="mine")


def test_all_of_them_the_longest_first_and_nothing_short() -> None:
    head = split_request(
        [(b"api-key", b"canary-1"), (b"cookie", b"abc"), (b"x-api-key", b"canary-12")]
    )
    assert credentials_of(head, "/x", TABLE.default) == (b"canary-12", b"canary-1")
    assert found((b"Content-Type", b"application/json")) == set()
