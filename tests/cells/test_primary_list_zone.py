"""The zone of the receiver's list: made, delegated without a DS, and gone when it is not published."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from fakes.signed_zones import NOW, made_keys
from scop.cells.primary.holdings import Author, Holdings, Unsigned
from scop.cells.primary.list_zone import delegation_kept, list_grant, with_list_zone
from scop.dns.answer import Question
from scop.dns.edns import Edns
from scop.dns.message import build_query, parse_message
from scop.dns.rdata import NSEC
from scop.dns.zone import Zone
from scop.dns.zone.answer import Zones
from scop.dns.zone.first_zone import first_zone
from scop.dns.zone.serial import with_serial
from scop.dns.zone.signing import SigningPolicy, sign_zone
from scop.mesh.config import Config, Firewall, Network

NAME = "bl.harbor.test"
OURS = Zone.parse(first_zone("harbor.test", "mx.harbor.test", "127.0.20.1"), "harbor.test")


@dataclass
class Kept:
    """A history that is only remembered."""

    zones: list[str] = field(default_factory=list)

    def commit(self, zone: Zone, by: Author) -> None:
        """Satisfies `scop.cells.primary.holdings.History`."""
        self.zones.append(f"{zone.origin} {zone.serial}")


def site(*, publish: bool = True) -> Config:
    """Return the configuration of harbor.test."""
    return Config("harbor.test", Network(address="127.0.20.1"), firewall=Firewall(publish=publish))


def made(*zones: Zone, publish: bool = True) -> tuple[dict[str, Zone], list[str], list[str]]:
    """Return the zones by name, what was committed, and what was told."""
    kept, told = Kept(), list[str]()
    found = with_list_zone(zones, site(publish=publish), kept, told.append)
    return {zone.origin: zone for zone in found}, kept.zones, told


def test_list_zone_is_made_once_and_delegated() -> None:
    """The second start changes nothing."""
    zones, committed, told = made(OURS)
    assert ({"harbor.test", NAME}, ["harbor.test 2", f"{NAME} 1"], []) == (set(zones), committed, told)
    again, committed, _ = made(*zones.values())
    assert (zones, []) == (again, committed)


def test_list_zone_goes_when_it_is_published_no_more() -> None:
    """Neither shown nor delegated to, so that nobody is told of offenders of long ago."""
    zones, *_ = made(OURS)
    left, committed, _ = made(*zones.values(), publish=False)
    assert ({"harbor.test"}, None, ["harbor.test 3"]) == (set(left), left["harbor.test"].get(NAME, "NS"), committed)


@pytest.mark.parametrize("publish", [True, False])
def test_list_zone_leaves_a_person_s_own_alone(publish: bool) -> None:
    """A zone of that name which was not made here, and a delegation that names other servers."""
    own = Zone.parse("$TTL 60\n@ SOA a.test. b.test. 1 2 3 4 5\n@ NS a.test.\n", NAME)
    ours = Zone.parse(f"{first_zone('harbor.test', 'mx.harbor.test', '127.0.20.1')}bl NS a.test.\n", "harbor.test")
    assert ({"harbor.test": ours, NAME: own}, [], []) == made(ours, own, publish=publish)


@pytest.mark.parametrize("owner", ["bl", "www.bl"])
def test_list_zone_hides_no_host_that_is_in_its_way(owner: str) -> None:
    """RFC 1034 §4.3.2: a zone of that name would answer in the place of ours, so that a name that is there was gone."""
    text = f"{first_zone('harbor.test', 'mx.harbor.test', '127.0.20.1')}{owner} A 127.0.0.9\n"
    ours = Zone.parse(text, "harbor.test")
    told = f"{NAME} stands in harbor.test already, or something below it: give that another name to publish the list"
    assert ({"harbor.test": ours}, [], [told]) == made(ours)


def test_list_zone_is_proved_insecure() -> None:
    """RFC 4035 §5.2: our signed zone proves that the delegation has no DS; below it nothing is signed."""
    zones, *_ = made(OURS)
    shown = Zones.of([sign_zone(zones["harbor.test"], made_keys().set, SigningPolicy(), NOW).zone, zones[NAME]])
    octets = shown.answer(build_query(Question(NAME, "DS"), 1, edns=Edns(dnssec_ok=True)), max_octets=4096)
    assert octets is not None
    reply = parse_message(octets)
    (nsec,) = [record for record in reply.authority if isinstance(record.rdata, NSEC)]
    assert isinstance(nsec.rdata, NSEC)
    assert (NAME, frozenset({"NS", "NSEC", "RRSIG"})) == (nsec.name, nsec.rdata.types)
    assert {"SOA", "NSEC", "RRSIG"} == {record.type for record in reply.authority}


@pytest.mark.parametrize(
    ("owner", "type_", "expected"),
    [
        (f"7.2.0.192.{NAME}", "A", True),
        (f"*.2.0.192.{NAME}", "TXT", True),
        (NAME, "A", False),
        (NAME, "NS", False),
        (f"x.{NAME}", "NS", False),
        ("harbor.test", "TXT", False),
        ("s._domainkey.harbor.test", "TXT", False),
    ],
)
def test_list_key_writes_the_list_and_nothing_else(owner: str, type_: str, expected: bool) -> None:
    """RFC 3007 §3: what the receiver may lose to a thief is its list."""
    assert expected is list_grant("receiver.harbor.test", NAME).permits(owner, type_)


async def test_list_zone_stays_delegated_when_our_zone_goes_back() -> None:
    """A rollback or an import to before the list was published leaves no list that nobody can prove."""
    zones, *_ = made(OURS)
    holdings = Holdings(zones.values(), Kept(), Unsigned(), lambda: NOW, always=delegation_kept(site()))
    await holdings.change(
        "harbor.test", lambda zone: with_serial(OURS, zone.serial + 1), Author("somebody", "rollback")
    )
    shown = holdings.shown.by_origin["harbor.test"]
    assert (zones["harbor.test"].get(NAME, "NS"), 3) == (shown.get(NAME, "NS"), shown.serial)
    assert OURS.get("www.harbor.test", "A") == shown.get("www.harbor.test", "A")


async def test_list_zone_is_delegated_by_no_edit_where_it_is_not_published() -> None:
    """What is not wanted comes back by nothing."""
    holdings = Holdings([OURS], Kept(), Unsigned(), lambda: NOW, always=delegation_kept(site(publish=False)))
    await holdings.change("harbor.test", lambda zone: with_serial(zone, zone.serial + 1), Author("somebody", "edit"))
    assert None is holdings.shown.by_origin["harbor.test"].get(NAME, "NS")
