"""Which addresses a webhook may be sent to: public ones, and those that the settings allow. Pure.

An address that stands for another one is judged by that one: IPv4 in IPv6 (mapped, RFC 4291;
6to4, RFC 3056; NAT64, RFC 6052; Teredo, RFC 4380; IPv4-compatible).
"""

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
NAT64 = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"))
COMPATIBLE = ip_network("::/96")
REFUSED = (
    ip_network("168.63.129.16/32"),  # Azure's own services, metadata among them
    ip_network("192.0.0.0/24"),  # IETF protocol assignments; Oracle's metadata is 192.0.0.192
    ip_network("192.88.99.0/24"),  # relays of 6to4
    ip_network("fec0::/10"),  # site-local, deprecated
)
LOW_32_BITS = 0xFFFF_FFFF


class AddressPolicy:
    """What the settings allow beyond public addresses."""

    def __init__(self, *, allow_private: bool = False, networks: Sequence[str] = ()) -> None:
        """`networks` are CIDR blocks. Raises: ValueError for what is none."""
        self._allow_private = allow_private
        self._networks = [ip_network(each.strip()) for each in networks]

    def complaint(self, text: str) -> str | None:
        """Why an address must not be called; None: it may."""
        try:
            address = ip_address(text.split("%", 1)[0])
        except ValueError:
            return f"{text} is no address"
        meant = [address, *embedded(address)]
        for each in meant:
            if not self._is_allowed(each) and (kind := kind_of(each)) is not None:
                return f"{text} is {kind}"
        return None

    def _is_allowed(self, address: Address) -> bool:
        if any(address in network for network in self._networks):
            return True
        # Python counts link-local addresses, metadata among them, as private.
        kept_out = address.is_link_local or address.is_multicast or address.is_unspecified
        is_private = address.is_private or address.is_loopback
        return self._allow_private and is_private and not kept_out and not _is_refused(address)


def kind_of(address: Address) -> str | None:
    """What kind of address it is, if it is none of the public internet."""
    if embedded(address):
        return None
    kinds = {
        "unspecified": address.is_unspecified,
        "loopback": address.is_loopback,
        "link-local": address.is_link_local,
        "multicast": address.is_multicast,
        "reserved": _is_refused(address),
        "private": address.is_private,
        "not public": not address.is_global or address.is_reserved,
    }
    return next((kind for kind, holds in kinds.items() if holds), None)


def _is_refused(address: Address) -> bool:
    return any(address in network for network in REFUSED)


def embedded(address: Address) -> list[Address]:
    """The IPv4 address that an IPv6 address stands for, if it stands for one."""
    if isinstance(address, IPv4Address):
        return []
    if address.ipv4_mapped is not None:
        return [address.ipv4_mapped]
    if address.sixtofour is not None:
        return [address.sixtofour]
    if address.teredo is not None:
        return list(address.teredo)
    low = int(address) & LOW_32_BITS
    if any(address in network for network in NAT64) or (address in COMPATIBLE and low > 1):
        return [IPv4Address(low)]
    return []
