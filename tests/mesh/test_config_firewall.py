"""`[firewall]`: what is no network and no zone is refused by name."""

from __future__ import annotations

import pytest

from scop.mesh.config import Config, Firewall, Network

NETWORK = Network(address="127.0.20.1")


def test_firewall_takes_networks_and_zones() -> None:
    """Addresses are networks of one; the longest zone leaves room for an IPv6 address before it (RFC 5782 §2.4)."""
    longest = ".".join(["a" * 62] * 2 + ["b" * 61])
    assert 187 == len(longest)
    chosen = Firewall(("192.0.2.1", "2001:db8::/32"), ("bl.example.org", longest), publish=True)
    assert (2, 2) == (len(chosen.allow), len(chosen.lists))


@pytest.mark.parametrize(
    ("allow", "lists", "told"),
    [
        (("192.0.2.1/24",), (), "allow: '192.0.2.1/24' is no network"),
        (("lagoon.test",), (), "allow: 'lagoon.test' is no network"),
        ((), ("BL.example.org",), "lists: 'BL.example.org' is no lower-case zone"),
        ((), ("org",), "lists: 'org' is no lower-case zone"),
        ((), ("bl.example.org.",), "lists: 'bl.example.org.' is no lower-case zone"),
        ((), (".".join(["a" * 62] * 2 + ["b" * 62]),), "lists: 'aaa"),
        ((), ("a.test",) * 9, "lists: at most 8"),
    ],
    ids=["host-bits", "domain", "case", "one-label", "dot", "long", "many"],
)
def test_firewall_refuses_what_cannot_be_asked(allow: tuple[str, ...], lists: tuple[str, ...], told: str) -> None:
    """The refusal says which key and which value."""
    with pytest.raises(ValueError, match=r"(allow|lists): ") as fault:
        Firewall(allow, lists)
    assert str(fault.value).startswith(told)


@pytest.mark.parametrize(("publish", "expected"), [(True, "bl.harbor.test"), (False, "")])
def test_firewall_list_is_a_zone_below_ours(publish: bool, expected: str) -> None:
    """Where it is published at all."""
    assert expected == Config("harbor.test", NETWORK, firewall=Firewall(publish=publish)).list_zone
