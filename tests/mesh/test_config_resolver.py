"""`[resolver]`: servers as people write them, and what cannot be meant."""

from __future__ import annotations

import pytest

from scop.mesh.config.resolver import Resolver, server_place


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5300", ("192.0.2.1", 5300)),
        ("192.0.2.1@5300", ("192.0.2.1", 5300)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5300", ("2001:db8::1", 5300)),
        ("2001:db8::1@5300", ("2001:db8::1", 5300)),
    ],
)
def test_server_place_reads_addresses_with_or_without_a_port(written: str, place: tuple[str, int]) -> None:
    """A bare IPv6 address has colons of its own, so its port stands after brackets or an @."""
    assert server_place(written, 53) == place


@pytest.mark.parametrize("written", ["ns.a.test", "192.0.2.1:x", "192.0.2.1:70000", "192.0.2.1:0", "", "[::1", "1@2@3"])
def test_server_place_refuses_what_is_no_address(written: str) -> None:
    """A name would have to be resolved before there is a resolver."""
    with pytest.raises(ValueError, match="is no address"):
        server_place(written, 53)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"stub": {"a.test": ()}}, "stub: 'a.test' has no servers"),
        ({"forward": {"a.test": ("x",)}}, "'x' is no address"),
        ({"stub": {"a.test": ("::1",)}, "forward": {"a.test": ("::1",)}}, "forward: 'a.test' is a stub zone already"),
        ({"cache_octets": 0}, "cache_octets: a limit"),
    ],
)
def test_resolver_configuration_refuses_what_cannot_be_meant(fields: dict[str, object], reason: str) -> None:
    """Each mistake is named with its key."""
    with pytest.raises(ValueError, match=reason):
        Resolver(**fields)  # type: ignore[arg-type]  # by name, as a file has them
