"""Addresses are counted by host and by network."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.base.sources import Source, Sources

SOURCES = Sources(("198.51.100.0/24", "2001:db8:1::/48"))


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("192.0.2.77", Source("192.0.2.77", "192.0.2.0/24")),
        ("2001:db8:a:b:c::1", Source("2001:db8:a:b::/64", "2001:db8:a::/48")),
        ("::ffff:192.0.2.77", Source("192.0.2.77", "192.0.2.0/24")),
        ("::ffff:198.51.100.7", None),
        ("198.51.100.7", None),
        ("2001:db8:1:2::3", None),
        ("", None),
        ("fe80::zz", None),
    ],
)
def test_source_is_host_and_network(address: str, expected: Source | None) -> None:
    """IPv4 /32 and /24, IPv6 /64 and /48; nothing is counted of our own networks, nor of what is no address."""
    assert expected == SOURCES.of(address)


@given(st.ip_addresses(network="2000::/3"), st.integers(0, 2**64 - 1), st.integers(0, 2**80 - 1))
def test_source_takes_ipv6_by_64_and_48(address: ipaddress.IPv6Address, same_host: int, same_network: int) -> None:
    """Who has a /64 has all of its addresses; who has a /48 has all of its /64."""
    sources = Sources()
    here = sources.of(str(address))
    assert here is not None
    beside = ipaddress.IPv6Address(int(address) >> 64 << 64 | same_host)
    nearby = ipaddress.IPv6Address(int(address) >> 80 << 80 | same_network)
    assert here == sources.of(str(beside))
    around = sources.of(str(nearby))
    assert around is not None
    assert here.network == around.network
