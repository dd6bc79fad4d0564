"""What a mail domain wants published, what is, and the changes between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dns.rdata import CAA, CNAME, MX, SRV, TLSA, TXT, A
from scop.dns.rrset import RRset
from scop.dns.update import Addition, Change
from scop.dns.zone.plan import FOLLOWING, Item, Standing, plan_zone
from scop.dns.zone.wanted import Client, DkimKey, Fit, Purpose, Site, Wanted, wanted_records

DOMAIN, HOST = "harbor.test", "mx.harbor.test"
PLAIN = Site(DOMAIN, HOST, ("127.0.20.1",))
FULL = Site(
    DOMAIN,
    HOST,
    ("192.0.2.1", "2001:DB8:0::1"),
    key_hash=b"h" * 32,
    tls_ports=(465,),
    dkim=(DkimKey(f"s1._domainkey.{DOMAIN}", b"v=DKIM1; p=AA"),),
    dmarc="v=DMARC1; p=quarantine",
    reports_to=f"mailto:tls@{DOMAIN}",
    mta_sts_id="20261128",
    mta_sts_host=f"www.{DOMAIN}",
    clients=(Client("submissions", 465), Client("imap", 0)),
    autoconfig_host=f"www.{DOMAIN}",
    authorities=("ca.example",),
    matrix_host=f"matrix.{DOMAIN}",
)


class World:
    """What is published, changed as an UPDATE changes it."""

    def __init__(self, *rrsets: RRset) -> None:
        self._rrsets = {(rrset.owner, rrset.type): rrset for rrset in rrsets}

    def get(self, owner: str, type_: str) -> RRset | None:
        """Return an RRset."""
        return self._rrsets.get((owner, type_))

    def apply(self, changes: tuple[Change, ...]) -> None:
        """Make changes in order (RFC 2136 §3.4.2)."""
        for change in changes:
            type_ = change.rdata.type if isinstance(change, Addition) else change.type
            old = self._rrsets.pop((change.owner, type_), None)
            rdatas = old.rdatas if old else ()
            if isinstance(change, Addition):
                rdatas = (*rdatas, change.rdata)
            else:
                rdatas = tuple(each for each in rdatas if change.rdata is not None and each != change.rdata)
            ttl = change.ttl_seconds if isinstance(change, Addition) else (old.ttl_seconds if old else 0)
            if rdatas:
                self._rrsets[change.owner, type_] = RRset(change.owner, type_, ttl, rdatas)

    def texts(self, owner: str = DOMAIN) -> list[bytes]:
        """Return the texts at a name."""
        found = self.get(owner, "TXT")
        return [rdata.joined for rdata in (found.rdatas if found else ()) if isinstance(rdata, TXT)]


def texts(*said: bytes, owner: str = DOMAIN) -> RRset:
    """Return an RRset of texts."""
    return RRset(owner, "TXT", 60, tuple(map(TXT.of, said)))


def planned(site: Site, world: World) -> tuple[Item, ...]:
    """Return the plan of a site."""
    return plan_zone(wanted_records(site), world.get)


def settled(site: Site, world: World) -> World:
    """Apply the plan, and see that nothing is left to do."""
    for item in planned(site, world):
        world.apply(item.changes)
    assert {Standing.FINE} == {item.standing for item in planned(site, world)}
    return world


def test_wanted_of_a_plain_domain() -> None:
    """A domain with one host wants address, MX, SPF for both names (RFC 7208 §2.3) and DMARC."""
    wanted = {(one.owner, one.type): one.rdatas for one in wanted_records(PLAIN)}
    spf = (TXT.of(b"v=spf1 ip4:127.0.20.1 -all"),)
    assert {
        (HOST, "A"): (A("127.0.20.1"),),
        (HOST, "AAAA"): (),
        (DOMAIN, "MX"): (MX(10, HOST),),
        (DOMAIN, "TXT"): spf,
        (HOST, "TXT"): spf,
        (f"_dmarc.{DOMAIN}", "TXT"): (TXT.of(b"v=DMARC1; p=reject"),),
    } == wanted


def test_wanted_of_a_full_domain() -> None:
    """Each thing that is configured has its records."""
    wanted = {(one.purpose, one.owner): one.rdatas for one in wanted_records(FULL)}
    tlsa = (TLSA(3, 1, 1, b"h" * 32),)
    assert tlsa == wanted[Purpose.DANE, f"_25._tcp.{HOST}"] == wanted[Purpose.DANE, f"_465._tcp.{HOST}"]
    assert (TXT.of(b"v=spf1 ip4:192.0.2.1 ip6:2001:db8::1 -all"),) == wanted[Purpose.SPF, DOMAIN]
    assert (TXT.of(b"v=DKIM1; p=AA"),) == wanted[Purpose.DKIM, f"s1._domainkey.{DOMAIN}"]
    assert (TXT.of(b"v=STSv1; id=20261128;"),) == wanted[Purpose.MTA_STS, f"_mta-sts.{DOMAIN}"]
    assert (CNAME(f"www.{DOMAIN}"),) == wanted[Purpose.MTA_STS, f"mta-sts.{DOMAIN}"]
    assert (TXT.of(b"v=TLSRPTv1; rua=mailto:tls@harbor.test"),) == wanted[Purpose.TLS_REPORTS, f"_smtp._tls.{DOMAIN}"]
    assert (SRV(0, 1, 465, HOST),) == wanted[Purpose.CLIENTS, f"_submissions._tcp.{DOMAIN}"]
    assert (SRV(0, 0, 0, ""),) == wanted[Purpose.CLIENTS, f"_imap._tcp.{DOMAIN}"]
    assert (CNAME(f"www.{DOMAIN}"),) == wanted[Purpose.AUTOCONFIG, f"autoconfig.{DOMAIN}"]
    assert (CAA(0, b"issue", b"ca.example"),) == wanted[Purpose.AUTHORITIES, DOMAIN]
    assert (SRV(10, 1, 8448, f"matrix.{DOMAIN}"),) == wanted[Purpose.MATRIX, f"_matrix-fed._tcp.{DOMAIN}"]


def test_wanted_stays_in_the_domain() -> None:
    """A host elsewhere gets its records elsewhere."""
    owners = {one.owner for one in wanted_records(replace(FULL, hostname="mx.lagoon.test"))}
    assert {DOMAIN} == {owner[-len(DOMAIN) :] for owner in owners}


@pytest.mark.parametrize("site", [PLAIN, FULL])
def test_plan_of_an_empty_zone_brings_everything(site: Site) -> None:
    """Where nothing is, all is missing; applied, all is fine."""
    assert {Standing.MISSING} == {item.standing for item in planned(site, World())}
    settled(site, World())


def test_plan_leaves_the_texts_of_others_alone() -> None:
    """Beside our SPF record others' texts stay, with the TTL that the RRset has (RFC 2181 §5.2)."""
    world = settled(PLAIN, World(texts(b"google-site-verification=x")))
    assert [b"google-site-verification=x", b"v=spf1 ip4:127.0.20.1 -all"] == world.texts()
    assert 60 == (world.get(DOMAIN, "TXT") or texts()).ttl_seconds


@pytest.mark.parametrize(
    ("published", "after"),
    [
        (b"v=spf1 ip4:127.0.20.1 include:x.test ~all", b"v=spf1 ip4:127.0.20.1 include:x.test ~all"),
        (b"v=spf1 include:x.test ~all", b"v=spf1 ip4:127.0.20.1 include:x.test ~all"),
        (b"v=spf1 +ip4:127.0.20.1 mx", b"v=spf1 +ip4:127.0.20.1 mx"),
        (b"V=SPF1 -all", b"V=SPF1 ip4:127.0.20.1 -all"),
    ],
)
def test_plan_keeps_an_spf_record_of_a_person(published: bytes, after: bytes) -> None:
    """What a person wrote into the SPF record stays; only our address is seen to."""
    assert [after] == settled(PLAIN, World(texts(published))).texts()


def test_plan_replaces_several_spf_records_by_one() -> None:
    """Two SPF records are an error for every receiver (RFC 7208 §4.5): ours takes their place."""
    world = settled(PLAIN, World(texts(b"v=spf1 mx -all", b"v=spf1 a -all", b"other")))
    assert [b"other", b"v=spf1 ip4:127.0.20.1 -all"] == world.texts()


def test_plan_follows_the_address() -> None:
    """Address records and SPF leave the old address and take the new one, of the other family too; no more changes."""
    world = settled(PLAIN, World(texts(b"v=spf1 ip4:127.0.20.1 ip4:192.0.2.7 mx -all")))
    moved = replace(PLAIN, addresses=("2001:db8::5",))
    changed = {item.wanted.purpose for item in planned(moved, world) if item.changes}
    assert changed == FOLLOWING
    settled(moved, world)
    assert [b"v=spf1 ip6:2001:db8::5 ip4:192.0.2.7 mx -all"] == world.texts()
    assert (None, True) == (world.get(HOST, "A"), world.get(HOST, "AAAA") is not None)


@pytest.mark.parametrize(
    ("dmarc", "published", "after"),
    [
        ("", b"v=DMARC1; p=none; rua=mailto:x@y.test", b"v=DMARC1; p=none; rua=mailto:x@y.test"),
        ("v=DMARC1; p=reject", b"v=DMARC1; p=none", b"v=DMARC1; p=reject"),
    ],
)
def test_plan_of_dmarc_wants_a_policy_or_ours(dmarc: str, published: bytes, after: bytes) -> None:
    """A policy that a person wrote is fine until another one is configured."""
    world = World(texts(published, owner=f"_dmarc.{DOMAIN}"))
    assert [after] == settled(replace(PLAIN, dmarc=dmarc), world).texts(f"_dmarc.{DOMAIN}")


@pytest.mark.parametrize(
    ("owner", "published", "after"),
    [
        (f"_dmarc.{DOMAIN}", b"", b"v=DMARC1; p=reject; rua=mailto:reports@harbor.test"),
        (f"_dmarc.{DOMAIN}", b"v=DMARC1; p=none", b"v=DMARC1; p=none"),
        (f"_smtp._tls.{DOMAIN}", b"", b"v=TLSRPTv1; rua=mailto:reports@harbor.test"),
        (f"_smtp._tls.{DOMAIN}", b"v=TLSRPTv1; rua=https://x.test/", b"v=TLSRPTv1; rua=https://x.test/"),
    ],
)
def test_plan_asks_for_reports_where_they_are_read(owner: str, published: bytes, after: bytes) -> None:
    """RFC 9989 §4.7, RFC 8460 §3: to the address of our reporter, unless a person wrote a record already."""
    world = World(*[texts(published, owner=owner)] if published else [])
    assert [after] == settled(replace(PLAIN, report_mailbox="reports"), world).texts(owner)


def test_plan_of_a_selector_replaces_what_stands_there() -> None:
    """A DKIM selector's name holds our key and nothing else (RFC 6376 §3.6.2.2)."""
    name = FULL.dkim[0].record_name
    world = settled(FULL, World(texts(b"k=rsa; p=OLD", b"junk", owner=name)))
    assert [b"v=DKIM1; p=AA"] == world.texts(name)


def test_plan_shows_what_a_person_wrote_split_otherwise_as_fine() -> None:
    """Strings of a text count together, however they are cut (RFC 7208 §3.3)."""
    name = FULL.dkim[0].record_name
    world = World(RRset(name, "TXT", 60, (TXT((b"v=DKIM1; ", b"p=AA")),)))
    found = {item.wanted.owner: item.standing for item in planned(FULL, world)}
    assert Standing.FINE is found[name]


_spf_terms = st.lists(
    st.sampled_from(("mx", "a:x.test", "ip4:127.0.20.1", "+ip4:127.0.20.1", "ip4:192.0.2.9", "?all", "-all")),
    max_size=5,
)


@given(st.lists(_spf_terms.map(lambda terms: " ".join(("v=spf1", *terms)).encode()), max_size=2, unique=True))
def test_plan_applied_leaves_nothing_to_do(policies: list[bytes]) -> None:
    """Whatever SPF stood there, one step makes it right, and a second changes nothing."""
    world = settled(PLAIN, World(*([texts(*policies)] if policies else [])))
    assert 1 == len(world.texts())


@pytest.mark.parametrize(
    ("obstacle", "owner"),
    [
        (RRset("_dmarc.harbor.test", "CNAME", 60, (CNAME("elsewhere.test"),)), "_dmarc.harbor.test"),
        (RRset("autoconfig.harbor.test", "A", 60, (A("192.0.2.9"),)), "autoconfig.harbor.test"),
    ],
)
def test_plan_names_what_stands_in_the_way(obstacle: RRset, owner: str) -> None:
    """Beside an alias, or as one beside others, an UPDATE adds nothing and says NOERROR: a person has to remove it."""
    world = World(obstacle)
    found = {item.wanted.owner: item for item in planned(FULL, world)}[owner]
    assert (Standing.BLOCKED, (), obstacle) == (found.standing, found.changes, found.obstacle)


def test_plan_leaves_a_policy_that_stands_elsewhere() -> None:
    """Where any DMARC policy will do, an alias to that of a service is one."""
    world = World(RRset("_dmarc.harbor.test", "CNAME", 60, (CNAME("service.test"),)))
    found = {item.wanted.owner: item for item in planned(PLAIN, world)}["_dmarc.harbor.test"]
    assert (Standing.FINE, (CNAME("service.test"),)) == (found.standing, found.published)


def test_plan_publishes_the_next_key_ahead() -> None:
    """Both TLSA records stand while a certificate changes, the old one's goes once it is gone (RFC 7671 §8.1)."""
    both = replace(PLAIN, key_hash=b"1" * 32, next_key_hash=b"2" * 32)
    world = settled(both, settled(replace(PLAIN, key_hash=b"1" * 32), World()))
    found = world.get("_25._tcp.mx.harbor.test", "TLSA")
    assert found is not None
    assert {b"1" * 32, b"2" * 32} == {rdata.association for rdata in found.rdatas if isinstance(rdata, TLSA)}
    world = settled(replace(PLAIN, key_hash=b"2" * 32, next_key_hash=b"2" * 32), world)
    assert (TLSA(3, 1, 1, b"2" * 32),) == getattr(world.get("_25._tcp.mx.harbor.test", "TLSA"), "rdatas", ())


def test_plan_of_nothing_wanted_and_nothing_there_is_no_item() -> None:
    """An absent RRset that should be absent is not worth a line; one that is there is taken out."""
    wanted = (Wanted(Purpose.ADDRESS, HOST, "A", (), Fit.WHOLE),)
    assert () == plan_zone(wanted, World().get)
    (item,) = plan_zone(wanted, World(RRset(HOST, "A", 60, (A("192.0.2.1"),))).get)
    assert (Standing.DIFFERENT, 1, ()) == (item.standing, len(item.changes), item.rdatas)
