"""Signed links to bodies: good for what they name, until their end."""

from urllib.parse import parse_qsl, urlsplit

import pytest

from app.webhooks.links import Links

LINKS = Links(["a key for the links"], "https://tailrace.example/")
REQUEST = "0195950e-3b4a-7c3d-8e5f-0123456789ab"


def asked(links: Links = LINKS, tenant: str = "acme", until_s: int = 1000) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(links.make(tenant, REQUEST, until_s)).query))


def test_a_link_names_its_tenant_until_its_end() -> None:
    assert LINKS.make("acme", REQUEST, 1000).startswith(
        f"https://tailrace.example/api/v1/exchanges/{REQUEST}/body?"
    )
    assert LINKS.tenant_of(REQUEST, asked(), 999.0) == "acme"
    assert LINKS.tenant_of(REQUEST, asked(), 1000.0) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"tenant": "other"},
        {"expires": "2000"},
        {"expires": "1_000"},
        {"expires": "-1"},
        {"expires": "9" * 5000},
        {"expires": "\u0661"},
        {"signature": ""},
        {"signature": "\udcff"},
    ],
)
def test_whatever_is_changed_is_no_link(changed: dict[str, str]) -> None:
    assert LINKS.tenant_of(REQUEST, asked() | changed, 1.0) is None


def test_another_exchange_another_key_nothing_at_all() -> None:
    assert LINKS.tenant_of(REQUEST.replace("a", "b"), asked(), 1.0) is None
    assert Links(["another key for links"], "").tenant_of(REQUEST, asked(), 1.0) is None
    assert LINKS.tenant_of(REQUEST, {}, 1.0) is None


def test_links_of_the_old_key_are_good_after_a_change() -> None:
    both = Links(["another key for links", "a key for the links"], "")
    assert both.tenant_of(REQUEST, asked(), 1.0) == "acme"


def test_without_a_key_no_link_is_good() -> None:
    nothing = Links([], "")
    assert not nothing.has_key
    assert nothing.tenant_of(REQUEST, asked(), 1.0) is None
