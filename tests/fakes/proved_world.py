"""A small signed Internet at loopback addresses: a root, one zone below it that is signed, one that is not, one forged.

The zones are signed and answered by the primary's own code, so a resolver that proves them proves the two together.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from fakes.signed_zones import Keys, made_keys
from scop.dns.dnssec.digests import ds_of
from scop.dns.rdata import A
from scop.dns.zone.answer import Zones
from scop.dns.zone.master_file import rdata_text
from scop.dns.zone.signing import SigningPolicy, sign_zone
from scop.dns.zone.zone import Zone

__all__ = ["BOGUS", "LAGOON", "PLAIN", "ROOT", "ProvedWorld", "proved_world"]

ROOT, LAGOON, PLAIN, BOGUS = "127.0.30.1", "127.0.10.1", "127.0.10.2", "127.0.10.3"
_SOA = "$TTL 300\n@ SOA ns hostmaster 1 3600 600 86400 60\n@ NS ns\n"
_RECORDS = "www A 192.0.2.1\nalias CNAME www\n*.wild A 192.0.2.2\n"


@dataclass(frozen=True, slots=True)
class ProvedWorld:
    """Who serves what, and what a resolver is told."""

    servers: Mapping[str, Zones]
    hints: str
    anchors: str


def proved_world() -> ProvedWorld:
    """Make keys, sign the zones as of now, and forge one address."""
    lagoon_keys, bogus_keys, root_keys = made_keys(), made_keys(), made_keys()
    lagoon = _signed(_zone("lagoon.test", LAGOON), lagoon_keys)
    bogus = _forged(_signed(_zone("bogus.test", BOGUS), bogus_keys))
    delegations = "".join(
        f"{name} NS ns.{name}.\nns.{name} A {address}\n"
        for name, address in (("lagoon.test", LAGOON), ("plain.test", PLAIN), ("bogus.test", BOGUS))
    )
    secure = f"lagoon.test DS {_ds('lagoon.test', lagoon_keys)}\nbogus.test DS {_ds('bogus.test', bogus_keys)}\n"
    root = _signed(Zone.parse(f"{_SOA}ns A {ROOT}\n{delegations}{secure}", ""), root_keys)
    return ProvedWorld(
        {
            ROOT: Zones.of([root]),
            LAGOON: Zones.of([lagoon]),
            PLAIN: Zones.of([_zone("plain.test", PLAIN)]),
            BOGUS: Zones.of([bogus]),
        },
        hints=f". NS ns.\nns. A {ROOT}\n",
        anchors=f". DS {_ds('', root_keys)}\n",
    )


def _zone(origin: str, address: str) -> Zone:
    return Zone.parse(f"{_SOA}ns A {address}\n{_RECORDS}", origin)


def _signed(zone: Zone, keys: Keys) -> Zone:
    return sign_zone(zone, keys.set, SigningPolicy(), int(time.time())).zone


def _ds(origin: str, keys: Keys) -> str:
    return rdata_text(ds_of(origin, keys.state.keys[0].dnskey))


def _forged(zone: Zone) -> Zone:
    """Put another address in place of one, under the signature of the right one."""
    name = f"www.{zone.origin}"
    node = dict(zone.nodes[name])
    node["A"] = replace(node["A"], rdatas=(A("192.0.2.66"),))
    return Zone(zone.origin, {**zone.nodes, name: node})
