"""Zones to be signed, and what checks that they are."""

from __future__ import annotations

from dataclasses import dataclass

from scop.dns.dnssec.signatures import Verdict, verify
from scop.dns.rdata import DNSKEY, RRSIG
from scop.dns.rrset import RRset
from scop.dns.zone.denial import is_occluded
from scop.dns.zone.rollover import KeyState, signing_set
from scop.dns.zone.signing_keys import KeyRecord, KeyScheme, SigningSet, new_key
from scop.dns.zone.zone import Zone

__all__ = ["NOW", "ORIGIN", "Keys", "contents", "faults", "made_keys", "zone_of"]

NOW = 1_800_000_000
ORIGIN = "harbor.test"
HEAD = """\
$TTL 300
@ IN SOA mx hostmaster 7 3600 600 1209600 10
@ NS mx
mx A 127.0.20.1
"""


def zone_of(text: str = "", serial: int = 7) -> Zone:
    """Read a zone of harbor.test."""
    return Zone.parse(HEAD.replace(" 7 ", f" {serial} ") + text, ORIGIN)


@dataclass(frozen=True, slots=True)
class Keys:
    """Some keys with their private halves, in no roll."""

    state: KeyState
    set: SigningSet


def made_keys(scheme: KeyScheme = KeyScheme.COMBINED, algorithm: int = 13) -> Keys:
    """Make the keys of a scheme."""
    made: list[tuple[KeyRecord, object]] = []
    private = {}
    for role in scheme.roles:
        record, key = new_key(role, algorithm, NOW, tuple(private_record for private_record, _ in made))
        made.append((record, key))
        private[record.name] = key
    state = KeyState(tuple(record for record, _ in made))
    return Keys(state, signing_set(state, private))


def contents(zone: Zone) -> dict[tuple[str, str], tuple[int, frozenset[object], int]]:
    """Return what a zone says, signatures by their number: those of ECDSA are others each time."""
    return {
        (rrset.owner, rrset.type): (rrset.ttl_seconds, frozenset(rrset.rdatas), len(rrset.signatures))
        for rrset in zone.rrsets()
    }


def faults(zone: Zone, now_unix: int = NOW) -> list[str]:
    """Return what is wrong with the signatures of a zone: what should bear one and does not, and what does not hold."""
    apex = zone.get(zone.origin, "DNSKEY")
    keys = [rdata for rdata in (apex.rdatas if apex else ()) if isinstance(rdata, DNSKEY)]
    return [fault for rrset in zone.rrsets() for fault in _faults_of(zone, rrset, keys, now_unix)]


def _faults_of(zone: Zone, rrset: RRset, keys: list[DNSKEY], now_unix: int) -> list[str]:
    signed = _shall_be_signed(zone, rrset)
    if signed != bool(rrset.signatures):
        return [f"{rrset.owner} {rrset.type}: {len(rrset.signatures)} signatures"]
    found = []
    for signature in rrset.signatures:
        assert isinstance(signature, RRSIG)
        key = next((key for key in keys if key.key_tag == signature.key_tag), None)
        if key is None:
            found.append(f"{rrset.owner} {rrset.type}: by a key that is not shown")
        elif (verdict := verify(rrset, signature, key, now_unix)) is not Verdict.GOOD:
            found.append(f"{rrset.owner} {rrset.type}: {verdict}")
    return found


def _shall_be_signed(zone: Zone, rrset: RRset) -> bool:
    if rrset.type == "NSEC3":
        return True
    if is_occluded(zone, rrset.owner):
        return False
    is_delegation = rrset.owner != zone.origin and zone.get(rrset.owner, "NS") is not None
    return not is_delegation or rrset.type in {"DS", "NSEC"}
