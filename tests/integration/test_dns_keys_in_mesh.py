"""The zone of a running mesh: its keys as the operator sees them, and what the world is told over TLS."""

from __future__ import annotations

import dns.message
import dns.query
import msgspec

from fakes.command_line import scop
from fakes.real_mesh import RunningWorld, unverified
from scop.cli.demo.scene import PORTS
from scop.mesh.vocabulary.zone_keys import ZoneKeys

DOMAIN = "harbor.test"


def test_operator_sees_the_keys_and_what_the_parent_needs(running_world: RunningWorld) -> None:
    """`scop dns keys` and `ds` speak of the same key, which the primary made at its first start."""
    config = str(running_world.scene.config(running_world.world.harbor))
    (zone,) = msgspec.convert(scop("dns", "keys", DOMAIN, "--json", "-c", config).json, tuple[ZoneKeys, ...])
    (key,) = zone.keys
    assert ("csk", "ECDSAP256SHA256", "nsec") == (key.role, key.algorithm, zone.denial)
    assert {"shown", "signs the keys", "signs the zone"} <= set(key.duties)
    assert f"{key.ds}\n" == scop("dns", "ds", DOMAIN, "-c", config).out
    assert scop("dns", "ds", "lagoon.test", "-c", config).status == 2


def test_operator_cannot_roll_what_nobody_has_seen_yet(running_world: RunningWorld) -> None:
    """A roll that would leave a gap is refused with the reason."""
    config = str(running_world.scene.config(running_world.world.harbor))
    refused = scop("dns", "roll", DOMAIN, "-c", config)
    assert refused.status == 2
    assert "the first keys are still on their way into caches; `scop dns keys` says what it waits for" in refused.err


def test_anybody_may_ask_over_tls(running_world: RunningWorld) -> None:
    """RFC 7858 §3.1: a confined primary answers at its port for TLS, too, signatures and all."""
    query = dns.message.make_query(DOMAIN, "MX", want_dnssec=True)
    address = running_world.world.harbor.address
    response = dns.query.tls(query, address, port=PORTS.dot, timeout=60, ssl_context=unverified())
    assert ["MX", "RRSIG"] == [rrset.to_text().split()[3] for rrset in response.answer]
