"""Which addresses may be called."""

from ipaddress import ip_address

import pytest

from app.webhooks.addresses import AddressPolicy, embedded, kind_of

STRICT = AddressPolicy()


@pytest.mark.parametrize(
    "text",
    [
        "127.0.0.1",
        "127.8.8.8",
        "0.0.0.0",
        "10.0.0.1",
        "172.16.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "192.0.0.192",
        "192.88.99.1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd00:ec2::254",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::127.0.0.1",
        "2002:7f00:1::",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "no address",
    ],
)
def test_what_is_not_public_is_refused(text: str) -> None:
    complaint = STRICT.complaint(text)
    assert complaint is not None
    assert text in complaint


@pytest.mark.parametrize(
    "text", ["1.1.1.1", "93.184.216.34", "2606:4700::1111", "64:ff9b::101:101"]
)
def test_public_addresses_are_called(text: str) -> None:
    assert STRICT.complaint(text) is None


@pytest.mark.parametrize("text", ["127.0.0.1", "10.1.2.3", "::1", "fc00::1", "::ffff:10.0.0.1"])
def test_private_ones_if_that_is_allowed(text: str) -> None:
    assert AddressPolicy(allow_private=True).complaint(text) is None


@pytest.mark.parametrize(
    "text", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "192.0.0.192"]
)
def test_metadata_and_the_like_not_even_then(text: str) -> None:
    assert AddressPolicy(allow_private=True).complaint(text) is not None


def test_a_network_may_be_allowed_by_name() -> None:
    policy = AddressPolicy(networks=["10.1.0.0/16", " fd00::/8 "])
    assert policy.complaint("10.1.2.3") is None
    assert policy.complaint("fd00::1") is None
    assert policy.complaint("::ffff:10.1.2.3") is None
    assert policy.complaint("10.2.0.1") is not None


def test_a_network_that_is_none_is_told() -> None:
    with pytest.raises(ValueError, match="10"):
        AddressPolicy(networks=["10.1.0.0/40"])


def test_what_an_address_stands_for() -> None:
    assert embedded(ip_address("::ffff:1.2.3.4")) == [ip_address("1.2.3.4")]
    assert embedded(ip_address("2002:102:304::")) == [ip_address("1.2.3.4")]
    assert len(embedded(ip_address("2001:0:4136:e378:8000:63bf:3fff:fdd2"))) == 2
    assert embedded(ip_address("1.2.3.4")) == embedded(ip_address("2606:4700::1111")) == []
    assert kind_of(ip_address("::ffff:10.0.0.1")) is None
    assert kind_of(ip_address("10.0.0.1")) == "private"
