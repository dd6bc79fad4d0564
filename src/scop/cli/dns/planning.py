"""What `scop dns plan` and `scop dns apply` share: gathering what is wanted and published, and the UPDATE."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import click

from scop.base import RemoteProtocolError
from scop.cells.primary.site import next_certificate, read_key, site_of
from scop.cli.dns.query_server import ask_server
from scop.cli.dns.signed import read_place, send_signed
from scop.cli.shared import Operator
from scop.dns.answer import Question
from scop.dns.rdata import read_rdata
from scop.dns.rrset import RRset
from scop.dns.tsig_keys import TsigKey
from scop.dns.update import Change, build_update, read_update_reply
from scop.dns.words import Rcode
from scop.dns.zone import Zone
from scop.dns.zone.plan import Item, plan_zone
from scop.dns.zone.wanted import DkimKey, Site, Wanted, wanted_records
from scop.mesh.config import Config
from scop.mesh.vocabulary.primary import ListZones, ReadZone, SendUpdate
from scop.mesh.vocabulary.resolver import ResolvedName, ResolveName
from scop.mesh.vocabulary.signer import ReadSealing
from scop.net.clock import SystemClock
from scop.net.faults import PermanentFailure, TemporaryFailure

__all__ = ["ByMesh", "ByServer", "Plan", "Way", "hint_of", "key_of", "make_plan", "send_changes", "site_with"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is wanted, and how it stands."""

    site: Site
    items: tuple[Item, ...]
    is_ours: bool  # the zone is our primary's, which the signer writes its keys into by itself


class Way(Protocol):
    """How what is published is learnt, and how it is changed."""

    async def dkim(self) -> tuple[DkimKey, ...]:
        """Return the public keys of our signer."""

    async def published(self, domain: str, wanted: Iterable[Wanted]) -> tuple[dict[tuple[str, str], RRset], bool]:
        """Return what is published in the places of what is wanted, and whether the zone is our primary's."""

    async def update(self, octets: bytes) -> bytes:
        """Send an UPDATE and return its answer."""


@dataclass(frozen=True, slots=True)
class ByMesh:
    """Through the running mesh: our primary where the zone is ours, else what the resolver finds."""

    operator: Operator

    async def dkim(self) -> tuple[DkimKey, ...]:
        """Ask the signer."""
        status = await self.operator.caller("signer").call(ReadSealing())
        return tuple(DkimKey(key.record_name, key.record.encode("ascii")) for key in status.keys if key.record)

    async def published(self, domain: str, wanted: Iterable[Wanted]) -> tuple[dict[tuple[str, str], RRset], bool]:
        """Read the zone, or resolve name by name."""
        zones = await self.operator.caller("primary").call(ListZones())
        if domain in {zone.origin for zone in zones.zones}:
            return _rrsets_of(await self._zone(domain)), True
        resolver = self.operator.caller("resolver")
        found: dict[tuple[str, str], RRset] = {}
        for owner, type_ in _places(wanted):
            _take(found, owner, type_, await resolver.call(ResolveName(owner, type_)))
        return found, False

    async def update(self, octets: bytes) -> bytes:
        """Hand it to our primary."""
        return (await self.operator.caller("primary").call(SendUpdate(octets))).octets

    async def _zone(self, origin: str) -> Zone:
        primary = self.operator.caller("primary")
        piece = await primary.call(ReadZone(origin))
        octets = piece.octets
        while len(octets) < piece.size_octets:
            octets += (await primary.call(ReadZone(origin, piece.version, len(octets)))).octets
        return Zone.parse(octets.decode("utf-8"), origin)


@dataclass(frozen=True, slots=True)
class ByServer:
    """Straight to a server that keeps the zone; the signer is asked where its mesh runs."""

    server: str
    operator: Operator | None = None

    async def dkim(self) -> tuple[DkimKey, ...]:
        """Ask the signer, if there is one."""
        return () if self.operator is None else await ByMesh(self.operator).dkim()

    async def published(self, domain: str, wanted: Iterable[Wanted]) -> tuple[dict[tuple[str, str], RRset], bool]:
        """Ask it for each."""
        place = read_place(self.server, tls=False)
        found: dict[tuple[str, str], RRset] = {}
        for owner, type_ in _places(wanted):
            _take(found, owner, type_, await ask_server(Question(owner, type_), place, tls=False))
        return found, False

    async def update(self, octets: bytes) -> bytes:
        """Send it there."""
        return await send_signed(octets, read_place(self.server, tls=False), tls=False)


def site_with(config: Config, dkim: Iterable[DkimKey], addresses: tuple[str, ...] = ()) -> Site:
    """Return what our domain is; other addresses take the place of those that are configured."""
    path = Path(config.tls.certificate)
    beside = next_certificate(path)
    try:
        certificate = path.read_text(encoding="ascii")
        following = beside.read_text(encoding="ascii") if beside.exists() else ""
        site = site_of(config, certificate=certificate, next_certificate=following, dkim=dkim)
    except ValueError as error:
        raise click.ClickException(f"{path}, or {beside.name} beside it: {error}") from None
    return replace(site, addresses=addresses) if addresses else site


async def make_plan(config: Config, way: Way, addresses: tuple[str, ...] = ()) -> Plan:
    """Compare what is wanted with what is published; raises `TemporaryFailure` where that cannot be learnt."""
    site = site_with(config, await way.dkim(), addresses)
    wanted = wanted_records(site)
    published, is_ours = await way.published(site.domain, wanted)
    return Plan(site, plan_zone(wanted, lambda owner, type_: published.get((owner, type_))), is_ours)


async def send_changes(way: Way, domain: str, changes: Iterable[Change], key: TsigKey) -> Rcode:
    """Make changes by one UPDATE, all or nothing; raises `TemporaryFailure` where its answer cannot be believed."""
    clock = SystemClock()
    message_id = int.from_bytes(os.urandom(2))
    request = build_update(domain, tuple(changes), key, now_unix=int(clock.unix()), message_id=message_id)
    try:
        return read_update_reply(request, await way.update(request.octets), int(clock.unix()))
    except RemoteProtocolError as error:
        raise TemporaryFailure(f"the UPDATE by the key {key.name} failed: {error}{hint_of(error)}") from error


def hint_of(error: RemoteProtocolError) -> str:
    """Return what a person can do where a server does not know a key."""
    if "BADKEY" not in str(error):
        return ""
    return " (it does not know the key; a mesh knows those of `scop init` inside only, and from outside its tsig.keys)"


def key_of(file: Path) -> TsigKey:
    """Read the key that signs; the command ends where there is none."""
    try:
        key = read_key(file)
    except ValueError as error:
        raise click.ClickException(str(error)) from None
    if key is None:
        raise click.ClickException(f"{file} is missing: `scop init` makes one, or --key names another")
    return key


def _rrsets_of(zone: Zone) -> dict[tuple[str, str], RRset]:
    return {(rrset.owner, rrset.type): rrset for rrset in zone.rrsets()}


def _places(wanted: Iterable[Wanted]) -> tuple[tuple[str, str], ...]:
    """Return where to look: for each wanted RRset, and for what may be in the way of an alias."""
    each = [(one.owner, one.type) for one in wanted]
    return tuple(dict.fromkeys((*each, *((owner, "A") for owner, type_ in each if type_ == "CNAME"))))


def _take(found: dict[tuple[str, str], RRset], owner: str, type_: str, resolved: ResolvedName) -> None:
    """Keep what was found in a place, and the alias that stands there instead."""
    if resolved.rcode not in ("NOERROR", "NXDOMAIN"):
        raise PermanentFailure(f"{owner} {type_} cannot be looked up: {resolved.rcode} {resolved.reason}")
    for kind in (type_, "CNAME"):
        records = [r for r in resolved.answers if (r.owner, r.type) == (owner, kind)]
        if records:
            rdatas = tuple(read_rdata(r.type, r.rdata) for r in records)
            found[owner, kind] = RRset(owner, kind, records[0].ttl_seconds, rdatas)
