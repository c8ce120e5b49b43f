"""Which addresses may be called: public ones, also in IPv6 wrappings, and the operator's own."""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

# The IANA special-purpose registries and IPv4 multicast, kept here because ``is_global`` of one patch
# release of Python differs from that of the next. Listed whole: no webhook is an anycast relay.
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
# Public by the registries, and answered by the host or the cloud that a virtual machine runs on.
_METADATA = tuple(ip_network(text) for text in ("168.63.129.16/32",))
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
    if any(address in network for network in (*_SPECIAL, *_METADATA)):
        return False
    if isinstance(address, IPv4Address):
        return True
    if address.ipv4_mapped or address in _NAT64 or address in _COMPATIBLE:
        return True  # as far as it goes: the address within decides
    return address in _GLOBAL_UNICAST and address.scope_id is None


def _wrapped(address: Address) -> Iterator[Address]:
    """The IPv4 addresses that an IPv6 one leads on to (RFC 4291, 3056, 6052)."""
    if isinstance(address, IPv4Address):
        return
    for inner in (address.ipv4_mapped, address.sixtofour):
        if inner is not None:
            yield inner
    if address in _NAT64 or address in _COMPATIBLE:
        yield IPv4Address(int(address) & 0xFFFFFFFF)
