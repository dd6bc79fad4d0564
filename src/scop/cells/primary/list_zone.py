"""The zone in which the receiver shows whom it shuts out: `bl.<domain>`, a zone of its own below ours.

A zone of its own, since what changes with every offender is nothing to sign our own zone anew for, and has no place in
its history; nor has it one of its own, only its last version is kept. It is not signed: our zone delegates it without a
DS, which its signatures prove, so for a validating resolver it is insecure and not bogus. Only the receiver writes it,
by a key that is good on its pipe.

Standards: RFC 5782 §2, RFC 2308 §4, RFC 4035 §2.4 and §5.2 (a delegation without DS).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Protocol

from scop.cells.primary.holdings import Author, Edit, History
from scop.dns.rdata import NS
from scop.dns.rrset import RRset
from scop.dns.zone import Zone
from scop.dns.zone.first_zone import EXPIRE_SECONDS, NEGATIVE_TTL_SECONDS
from scop.dns.zone.grants import Grant
from scop.dns.zone.serial import following, with_serial
from scop.dns.zone.wanted import TTL_SECONDS

__all__ = ["LIST_KEY", "delegation_kept", "list_grant", "with_list_zone"]

LIST_KEY = "list.key"  # the twin of the receiver's tsig.key
_WHO = Author("primary", "Delegate the list of the firewall")


class _Site(Protocol):
    @property
    def domain(self) -> str: ...
    @property
    def mail_host(self) -> str: ...
    @property
    def list_zone(self) -> str: ...


def list_grant(key_name: str, list_zone: str) -> Grant:
    """Return what the receiver's key may write: everything below the apex that a list is made of."""
    return Grant(key_name, f"*.{list_zone}", frozenset({"A", "TXT"}))


def with_list_zone(
    zones: tuple[Zone, ...], site: _Site, history: History, tell: Callable[[str], None]
) -> tuple[Zone, ...]:
    """Return the zones with the list's among them and delegated to, or without it where it is not published.

    `tell` hears why it cannot be. Raises `OSError` where the history cannot be written.
    """
    made = tuple(_changed(zones, site, tell))
    before = {zone.origin: zone for zone in zones}
    for zone in made:
        if zone is not before.get(zone.origin):
            history.commit(zone, _WHO)
    return made


def delegation_kept(site: _Site) -> Edit:
    """Return what puts the delegation back into a version of our zone that lost it, as by a rollback or an import."""

    def keep(zone: Zone) -> Zone:
        name = site.list_zone
        lacks_it = name and zone.origin == site.domain and zone.get(name, "NS") is None
        is_free = lacks_it and _has_room(zone, name, lambda _reason: None)
        return zone.changed([_delegation(name, site)]) if is_free else zone

    return keep


def _changed(zones: tuple[Zone, ...], site: _Site, tell: Callable[[str], None]) -> Iterator[Zone]:
    name = _name(site)
    is_shown = bool(site.list_zone) and all(_has_room(zone, name, tell) for zone in zones if zone.origin == site.domain)
    for zone in zones:
        if zone.origin == site.domain:
            yield _delegating(zone, name, site) if is_shown else _not_delegating(zone, name, site)
        elif zone.origin != name or is_shown or not _is_ours(zone, site):
            yield zone
    if is_shown and name not in {zone.origin for zone in zones}:
        yield _first_list_zone(name, site)


def _name(site: _Site) -> str:
    """Return where the list stands, or would."""
    return site.list_zone or f"bl.{site.domain}"


def _has_room(zone: Zone, name: str, tell: Callable[[str], None]) -> bool:
    """Say whether nothing of our own zone would be hidden by the list's."""
    is_taken = any(each == name or each.endswith(f".{name}") for each in zone.names)
    if is_taken and zone.get(name, "NS") is None:
        tell(
            f"{name} stands in {zone.origin} already, or something below it: give that another name to publish the list"
        )
        return False
    return True


def _delegating(zone: Zone, name: str, site: _Site) -> Zone:
    """Return our zone with the delegation to the list."""
    if zone.get(name, "NS") is not None:  # a person may have named secondaries of it
        return zone
    return _moved(zone.changed([_delegation(name, site)]), zone)


def _not_delegating(zone: Zone, name: str, site: _Site) -> Zone:
    """Return our zone without the delegation that led to the list."""
    standing = zone.get(name, "NS")
    is_ours = standing is not None and standing.rdatas == _delegation(name, site).rdatas
    return _moved(zone.changed(removed=[(name, "NS")]), zone) if is_ours else zone


def _delegation(name: str, site: _Site) -> RRset:
    return RRset(name, "NS", TTL_SECONDS, (NS(site.mail_host),))


def _moved(changed: Zone, zone: Zone) -> Zone:
    return with_serial(changed, following(zone.serial))


def _is_ours(zone: Zone, site: _Site) -> bool:
    """Say whether a zone of the list's name is the one that was made here, and not somebody's own."""
    return replace(zone.soa_rdata, serial=1) == _first_list_zone(zone.origin, site).soa_rdata


def _first_list_zone(name: str, site: _Site) -> Zone:
    soa = f"{site.mail_host}. hostmaster.{site.domain}. 1 3600 600 {EXPIRE_SECONDS} {NEGATIVE_TTL_SECONDS}"
    apex = f"{name}. {TTL_SECONDS} IN"
    return Zone.parse(f"{apex} SOA {soa}\n{apex} NS {site.mail_host}.\n", name)
