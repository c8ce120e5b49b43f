"""The networks that a key is taken from: checked when it is made, asked at each use."""

from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network, ip_network

from shared.domain.errors import InvalidInput

MOST = 20
# A client at an IPv6 address is known by its /64: what one subscriber gets.
LONGEST_V6_PREFIX = 64


def normalised(networks: Sequence[str]) -> list[str]:
    """``networks`` as CIDR, without host bits and repetitions; raises InvalidInput (``network_invalid``)."""
    return list(dict.fromkeys(str(_read(text)) for text in networks))


def are_within(networks: Sequence[str] | None, others: Sequence[str] | None) -> bool:
    """Whether each client in ``networks`` (None: anywhere) is in ``others`` too."""
    if others is None:
        return True
    return networks is not None and all(
        any(_within(ip_network(network), ip_network(other)) for other in others) for network in networks
    )


def hold(networks: Sequence[str] | None, address: str | None) -> bool:
    """Whether a client at ``address`` is in one of ``networks`` (None: anywhere).

    ``address`` is what ``client_address`` gives: an IPv4 address, or the /64 of an IPv6 address. One that is
    not known is in no network.
    """
    if networks is None:
        return True
    try:
        client = ip_network(address or "")
    except ValueError:
        return False
    return any(_within(client, ip_network(network)) for network in networks)


def _within(client: IPv4Network | IPv6Network, network: IPv4Network | IPv6Network) -> bool:
    if isinstance(client, IPv4Network):
        return isinstance(network, IPv4Network) and client.subnet_of(network)
    return isinstance(network, IPv6Network) and client.subnet_of(network)


def _read(text: str) -> IPv4Network | IPv6Network:
    try:
        network = ip_network(text.strip(), strict=False)
    except ValueError:
        raise _invalid(f"{text!r} is no network.") from None
    if isinstance(network, IPv6Network) and network.prefixlen > LONGEST_V6_PREFIX:
        raise _invalid(f"{text!r} is too small: an IPv6 network ends at /{LONGEST_V6_PREFIX} or before.")
    return network


def _invalid(problem: str) -> InvalidInput:
    return InvalidInput(
        f"{problem} Write networks as CIDR, for example 192.0.2.0/24 or 2001:db8::/48.", "network_invalid"
    )
