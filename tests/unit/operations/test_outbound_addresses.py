"""Which addresses a webhook may reach."""

import pytest

from shared.outbound.addresses import may_be_called

HOSTILE = {
    "127.0.0.1": "loopback",
    "127.255.255.254": "the other end of loopback",
    "0.0.0.0": "this host",  # noqa: S104 - nothing is bound to it
    "0.1.2.3": "this network",
    "10.0.0.5": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private, the last",
    "192.168.1.1": "private",
    "100.64.0.1": "carrier-grade NAT, and some clouds' metadata",
    "169.254.169.254": "metadata of most clouds",
    "168.63.129.16": "the host's services of one cloud, public by the registries",
    "::ffff:168.63.129.16": "the same, mapped",
    "64:ff9b::a83f:8110": "the same, through NAT64",
    "203.0.113.7": "documentation",
    "198.51.100.7": "documentation",
    "192.175.48.1": "direct delegation of AS112",
    "2620:4f:8000::1": "direct delegation of AS112",
    "169.254.170.2": "credentials of containers",
    "192.0.0.192": "metadata of one cloud, in a block for protocols",
    "192.0.2.1": "documentation",
    "198.18.0.1": "benchmarks",
    "192.88.99.1": "relays of 6to4",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "this host",
    "::1": "loopback",
    "::127.0.0.1": "loopback, compatible",
    "::ffff:127.0.0.1": "loopback, mapped",
    "::ffff:a9fe:a9fe": "metadata, mapped",
    "64:ff9b::7f00:1": "loopback, through NAT64",
    "64:ff9b::a9fe:a9fe": "metadata, through NAT64",
    "64:ff9b:1::a00:1": "private, through a NAT64 of one's own",
    "2002:7f00:1::": "loopback, through 6to4",
    "2002:c0a8:101::1": "private, through 6to4",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "a Teredo tunnel",
    "2001:db8::1": "documentation",
    "3fff::1": "documentation",
    "fc00::1": "unique local",
    "fd00:ec2::254": "metadata of one cloud",
    "fe80::1": "link-local",
    "fe80::1%eth0": "link-local, with its zone",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "5f00::1": "segment routing",
    "not an address": "no address at all",
}


@pytest.mark.parametrize("address", HOSTILE, ids=list(HOSTILE))
def test_what_is_not_public_may_not_be_called(address: str) -> None:
    assert not may_be_called(address)


@pytest.mark.parametrize(
    "address",
    [
        "8.8.8.8",
        "93.184.216.34",
        "2606:2800:220:1::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
        "2002:808:808::1",
    ],
)
def test_what_is_public_may_be_called(address: str) -> None:
    assert may_be_called(address)


def test_the_operators_own_networks_may_be_called_and_nothing_beside_them() -> None:
    own = ("10.1.0.0/16", "fd12::/32")
    assert may_be_called("10.1.2.3", own)
    assert may_be_called("::ffff:10.1.2.3", own)
    assert may_be_called("fd12::7", own)
    assert may_be_called("8.8.8.8", own)
    assert not may_be_called("10.2.0.1", own)
    assert not may_be_called("::1", own)
