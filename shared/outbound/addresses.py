"""Which addresses may be called: public ones, whatever they are wrapped in, and the operator's own."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# What ``is_global`` of Python 3.11 takes for public and the IANA special-purpose registries do not:
# protocol assignments, the 6to4 relays' anycast; and what names another machine by way of ours.
_NEVER = tuple(ip_network(text) for text in ("192.0.0.0/24", "192.88.99.0/24", "2001::/23", "3fff::/20"))
_NAT64 = IPv6Network("64:ff9b::/96")
_COMPATIBLE = IPv6Network("::/96")
_GLOBAL_UNICAST = IPv6Network("2000::/3")  # all that IANA has allocated to anybody


def may_be_called(address: str, own_networks: Iterable[str] = ()) -> bool:
    """Whether ``address`` (as a resolver gives it) is public, or of the operator's ``own_networks``."""
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if is_within(address, own_networks):
        return True
    return all(_is_public(part) for part in (found, *_wrapped(found)))


def is_literal(host: str) -> bool:
    """Whether ``host`` is an address rather than a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_within(address: str, networks: Iterable[str]) -> bool:
    """Whether ``address``, or an IPv4 address mapped in it, lies in one of ``networks``."""
    found = ip_address(address)
    plain: Address = getattr(found, "ipv4_mapped", None) or found
    return any(plain in ip_network(network) for network in networks)


def _is_public(address: Address) -> bool:
    if address.is_multicast or any(address in network for network in _NEVER):
        return False
    if isinstance(address, IPv4Address):
        return address.is_global
    if address.ipv4_mapped or address in _NAT64 or address in _COMPATIBLE:
        return True  # as far as it goes: the address within decides
    return address.is_global and address in _GLOBAL_UNICAST and address.scope_id is None


def _wrapped(address: Address) -> Iterator[Address]:
    """The IPv4 addresses that an IPv6 one leads on to (RFC 4291, 3056, 6052)."""
    if isinstance(address, IPv4Address):
        return
    for inner in (address.ipv4_mapped, address.sixtofour):
        if inner is not None:
            yield inner
    if address in _NAT64 or address in _COMPATIBLE:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
