"""Serial numbers of zones: which of two is later, which comes next, and a zone under another one.

Standards: RFC 1982 §3, RFC 2136 §3.6.
"""

from __future__ import annotations

from dataclasses import replace

from scop.dns.rrset import RRset
from scop.dns.zone.zone import Zone

__all__ = ["following", "is_later", "moved", "with_serial"]

_NUMBERS = 2**32


def is_later(serial: int, than: int) -> bool:
    """Say whether one serial number comes after another (RFC 1982 §3.2)."""
    return 0 < (serial - than) % _NUMBERS < _NUMBERS // 2


def following(serial: int) -> int:
    """Return the serial number after this one (RFC 1982 §3.1); zero is passed over, since many read it as "unset"."""
    return (serial + 1) % _NUMBERS or 1


def with_serial(zone: Zone, serial: int) -> Zone:
    """Return the zone under another serial number; its signatures over the SOA are gone."""
    soa = RRset(zone.origin, "SOA", zone.soa.ttl_seconds, (replace(zone.soa_rdata, serial=serial),))
    apex = {**zone.nodes[zone.origin], "SOA": soa}
    return Zone(zone.origin, {**zone.nodes, zone.origin: apex}, zone.hashed)


def moved(zone: Zone, before: Zone) -> Zone:
    """Return the zone under a serial that is later than that of `before`: its own, or else the following one."""
    if is_later(zone.serial, before.serial):
        return zone
    return with_serial(zone, following(before.serial))
