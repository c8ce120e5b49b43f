"""The client's address of a request, behind our own proxies only."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from flask import Request

Network = IPv4Network | IPv6Network
_V6_PREFIX = 64  # what one subscriber gets: a holder of one IPv6 address has 2**64 of them


def client_address(request: Request, trusted: Sequence[str]) -> str:
    """The address that the request came from, as text; of IPv6 its /64.

    ``X-Forwarded-For`` is read from its end, and only as far as each hop is in ``trusted`` (networks):
    what stands before the first stranger is that stranger's word.
    """
    proxies = [ip_network(network) for network in trusted]
    address = request.remote_addr or ""
    hops = [hop.strip() for value in request.headers.getlist("X-Forwarded-For") for hop in value.split(",")]
    while hops and _is_in(address, proxies):
        following = hops.pop()
        if not _is_address(following):
            break
        address = following
    return _shared_by_one_client(address)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_in(text: str, networks: Sequence[Network]) -> bool:
    return _is_address(text) and any(ip_address(text) in network for network in networks)


def _shared_by_one_client(text: str) -> str:
    if not _is_address(text):
        return "-"
    address = ip_address(text)
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address, _V6_PREFIX), strict=False))
