"""Keys of a zone as the operator is shown them, from a running primary or from its state folder."""

from __future__ import annotations

from scop.dns.dnssec.algorithms import Algorithm
from scop.dns.zone.cds import dnskey_line, ds_line
from scop.dns.zone.rollover import KeyState, duties
from scop.dns.zone.signing_keys import KeyRecord, Role
from scop.mesh.vocabulary.zone_keys import ZoneKey, ZoneKeyRoll, ZoneKeys

__all__ = ["shown_keys"]


def shown_keys(origin: str, state: KeyState, denial: str, lasts_until_unix: int | None) -> ZoneKeys:
    """Return what may be told of a zone's keys; `denial` is empty where it is not known."""
    rolls = tuple(
        ZoneKeyRoll(roll.kind, roll.step, roll.since_unix, roll.until_unix, roll.incoming, roll.outgoing)
        for roll in state.rolls
    )
    return ZoneKeys(origin, denial, tuple(_key(origin, state, key) for key in state.keys), rolls, lasts_until_unix)


def _key(origin: str, state: KeyState, key: KeyRecord) -> ZoneKey:
    shown = key.dnskey
    return ZoneKey(
        name=key.name,
        role=key.role,
        algorithm=Algorithm(key.algorithm).name,
        key_tag=shown.key_tag,
        made_unix=key.made_unix,
        duties=duties(state, key),
        ds="" if key.role is Role.ZONE else ds_line(origin, shown),
        dnskey=dnskey_line(origin, shown),
    )
