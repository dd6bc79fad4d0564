"""Zones built to keep a resolver busy, answers built to deceive it: each question ends soon, nothing is planted."""

import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.jumping_clock import JumpingClock
from fakes.name_world import Behaviour, NameWorld, authority, reply
from scop.dns import NS, SOA, A, Opaque, Question, Rcode
from scop.dns.asking import Ask, Server, Step
from scop.dns.dnssec.effort import Effort
from scop.dns.known import Known, Reason
from scop.dns.message import Message, Record
from scop.dns.rdata import CNAME, DNAME, NSEC, RRSIG, Rdata
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.limits import (
    MAX_ALIASES,
    MAX_LOOKUPS,
    MAX_NAMES_LOOKED_UP,
    MAX_QUERIES,
    MAX_RECORDS_OF_SET,
    MAX_TRIES,
)
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolution import Resolution
from scop.dns.resolver.resolver import Find, Resolver
from scop.dns.words import Ede, Security

ROOT, EVIL, VICTIM = "198.41.0.4", "185.6.6.6", "185.1.1.1"
TTL = 300
BITMAP = b"\0\1\x40"  # A
SIGNED = Record("org", TTL, RRSIG("NSEC", 13, 1, TTL, 1, 0, 1, "org", b"signature"))
OPTIONS = ResolverOptions(roots=(Server(ROOT),), prime=False, minimise=False)


def world_of(evil: Behaviour) -> NameWorld:
    """Return a root with a zone that an attacker serves, and one that is a victim's."""
    zone: dict[str, tuple[Rdata, ...]] = {
        "": (NS("a.root"),),
        "a.root": (A(ROOT),),
        "evil": (NS("ns.evil"),),
        "ns.evil": (A(EVIL),),
        "victim": (NS("ns.victim"),),
        "ns.victim": (A(VICTIM),),
    }
    world = NameWorld()
    world.servers = {ROOT: authority({"": zone}), EVIL: evil}
    world.servers[VICTIM] = authority({"victim": {"victim": (), "www.victim": (A("185.1.1.80"),)}})
    return world


def resolved(world: NameWorld, name: str, type_: str = "A") -> Resolution:
    """Return what a new resolver finds."""
    return world.run(Resolver(OPTIONS, Cache(), world.clock).resolve(Question(name, type_)))


def test_resolver_looks_up_few_of_many_servers_that_a_referral_names() -> None:
    """NXNSAttack (CVE-2020-8616): what the victim hears is bounded, however long the list."""

    def evil(ask: Ask) -> Message:
        servers = tuple(Record("x.evil", TTL, NS(f"n{number}.victim")) for number in range(500))
        return reply(ask.question, (), servers, flags=0)

    world = world_of(evil)
    assert Rcode.SERVFAIL is resolved(world, "www.x.evil").rcode
    assert 2 * MAX_NAMES_LOOKED_UP >= len(world.asked(VICTIM))


def test_resolver_looks_up_few_names_in_all() -> None:
    """Referrals to servers whose names are referred to servers …: the look-ups of a question are counted."""
    fresh = itertools.count()

    def evil(ask: Ask) -> Message:
        child = ask.question.name
        servers = tuple(Record(child, TTL, NS(f"n.z{next(fresh)}.evil")) for _ in range(10))
        return reply(ask.question, (), servers, flags=0)

    world = world_of(evil)
    assert Rcode.SERVFAIL is resolved(world, "www.x.evil").rcode
    assert 2 * MAX_LOOKUPS + 4 >= len(world.asks)


def test_resolver_ends_where_referrals_lead_ever_further_down() -> None:
    """One question costs so many queries at most, and says so."""

    def evil(ask: Ask) -> Message:
        labels = ask.question.name.split(".")
        depth = len([a for a in world.asks if a.server.address == EVIL]) + 1
        child = ".".join(labels[-1 - depth :])
        return reply(
            ask.question, (), (Record(child, TTL, NS(f"ns.{child}")),), (Record(f"ns.{child}", TTL, A(EVIL)),), flags=0
        )

    world = world_of(evil)
    resolution = resolved(world, ".".join(["a"] * 120 + ["evil"]))
    assert Rcode.SERVFAIL is resolution.rcode
    assert len(world.asks) <= MAX_QUERIES


@pytest.mark.parametrize(("links", "rcode"), [(MAX_ALIASES, Rcode.NOERROR), (MAX_ALIASES + 1, Rcode.SERVFAIL)])
def test_resolver_follows_so_many_aliases(links: int, rcode: Rcode) -> None:
    """Each link is a query at least."""

    def evil(ask: Ask) -> Message:
        number = int(ask.question.name.partition(".")[0])
        rdata = CNAME(f"{number + 1}.evil") if number < links else A("185.6.6.80")
        return reply(ask.question, (Record(ask.question.name, TTL, rdata),))

    assert rcode is resolved(world_of(evil), "0.evil").rcode


def test_resolver_ends_where_dnames_grow_the_name() -> None:
    """Each one makes it longer, until it is too long: YXDOMAIN, or the chain's bound."""

    def evil(ask: Ask) -> Message:
        return reply(ask.question, (Record("evil", TTL, DNAME(f"{'x' * 40}.evil")),))

    assert resolved(world_of(evil), "a.evil").rcode in {Rcode.YXDOMAIN, Rcode.SERVFAIL}


@pytest.mark.parametrize(
    ("size", "rcode"), [(MAX_RECORDS_OF_SET, Rcode.NOERROR), (MAX_RECORDS_OF_SET + 1, Rcode.SERVFAIL)]
)
def test_resolver_takes_no_huge_rrset(size: int, rcode: Rcode) -> None:
    """CVE-2024-1737: every asker and the cache would pay for it."""

    def evil(ask: Ask) -> Message:
        hosts = (Record(ask.question.name, TTL, A(f"185.6.{number // 250}.{number % 250}")) for number in range(size))
        return reply(ask.question, tuple(hosts))

    assert rcode is resolved(world_of(evil), "big.evil").rcode


def test_resolver_ends_where_two_zones_wait_for_each_other() -> None:
    """a.evil is served by ns.b.evil, b.evil by ns.a.evil, and neither has glue."""

    def evil(ask: Ask) -> Message:
        child = ".".join(ask.question.name.split(".")[-2:])
        other = {"a.evil": "b.evil", "b.evil": "a.evil"}.get(child, "a.evil")
        return reply(ask.question, (), (Record(child, TTL, NS(f"ns.{other}")),), flags=0)

    world = world_of(evil)
    resolution = resolved(world, "www.a.evil")
    assert Rcode.SERVFAIL is resolution.rcode
    assert len(world.asks) < MAX_QUERIES / 2


def test_resolver_tries_so_many_servers_of_a_zone() -> None:
    """Of a zone with many silent addresses, some are enough."""

    def evil(ask: Ask) -> Message:
        names = [f"n{number}.x.evil" for number in range(13)]
        servers = tuple(Record("x.evil", TTL, NS(name)) for name in names)
        glue = tuple(
            Record(name, TTL, A(f"185.7.{number}.{host}")) for number, name in enumerate(names) for host in range(1, 9)
        )
        return reply(ask.question, (), servers, glue, flags=0)

    world = world_of(evil)
    assert Rcode.SERVFAIL is resolved(world, "www.x.evil").rcode
    assert 2 * MAX_TRIES + 4 >= len(world.asks)


@pytest.mark.parametrize(
    "planted",
    [
        {"answers": (Record("www.victim", TTL, A(EVIL)),)},
        {"authority": (Record("victim", TTL, NS("ns.evil")),), "additional": (Record("ns.evil", TTL, A(EVIL)),)},
        {"authority": (Record("evil", TTL, NS("ns.victim")),), "additional": (Record("ns.victim", TTL, A(EVIL)),)},
        {"additional": (Record("www.victim", TTL, A(EVIL)), Record("ns.victim", TTL, A(EVIL)))},
        {"authority": (Record("", TTL, NS("ns.evil")),), "additional": (Record("ns.evil", TTL, A(EVIL)),)},
    ],
)
def test_resolver_learns_nothing_of_a_zone_from_the_servers_of_another(planted: dict[str, tuple[Record, ...]]) -> None:
    """RFC 5452 §6: only what lies in the bailiwick of who spoke, and of that only what was asked for."""
    world = world_of(lambda ask: reply(ask.question, (Record(ask.question.name, TTL, A(EVIL)),)))
    honest = world.servers[EVIL]

    def evil(ask: Ask) -> Message:
        message = honest(ask)
        assert message is not None
        return message._replace(
            answers=message.answers + planted.get("answers", ()),
            authority=planted.get("authority", ()),
            additional=planted.get("additional", ()),
        )

    world.servers[EVIL] = evil
    resolver = Resolver(OPTIONS, Cache(), world.clock)
    world.run(resolver.resolve(Question("www.evil", "A")))
    resolution = world.run(resolver.resolve(Question("www.victim", "A")))
    assert (A("185.1.1.80"),) == resolution.answers[0].rdatas


def test_resolver_replaces_no_servers_by_what_an_answer_says_of_them() -> None:
    """CVE-2025-11411: NS records beside an answer steer nobody; the parent's referral does."""
    answers = (Record("www.evil", TTL, A("185.6.6.80")),)
    elsewhere = "185.6.6.7"

    def said(ask: Ask) -> Message:
        return reply(
            ask.question, answers, (Record("evil", TTL, NS("ns2.evil")),), (Record("ns2.evil", TTL, A(elsewhere)),)
        )

    world = world_of(said)
    resolver = Resolver(OPTIONS, Cache(), world.clock)
    world.run(resolver.resolve(Question("www.evil", "A")))
    world.run(resolver.resolve(Question("other.evil", "A")))
    assert [] == world.asked(elsewhere)


class Judge:
    """Finds everything bogus but what comes of one address."""

    def __init__(self, good: Rdata) -> None:
        self.good = good

    def judge(self, question: Question, known: Known, find: Find, effort: Effort) -> Step[Known]:
        """Judge without asking anybody."""
        yield from ()
        is_good = bool(known.rrsets) and known.rrsets[0].rdatas == (self.good,)
        if is_good or known.rcode is Rcode.NXDOMAIN:
            return replace(known, security=Security.SECURE)
        return replace(known, security=Security.BOGUS, reason=Reason("forged", Ede.DNSSEC_BOGUS))

    def broken(self, question: Question) -> Reason | None:
        """No zone is, as a whole."""

    def settle(self, judged: Known) -> None:
        """Remember nothing."""


def forged_world() -> NameWorld:
    """Return a zone one of whose two servers lies."""
    good, bad = A("185.1.1.80"), A("185.6.6.80")
    zone: dict[str, tuple[Rdata, ...]] = {
        "org": (NS("one.org"), NS("two.org")),
        "one.org": (A(EVIL),),
        "two.org": (A(VICTIM),),
    }
    world = NameWorld()
    world.servers = {
        ROOT: authority({"": {"": (NS("a.root"),), **zone}}),
        EVIL: authority({"org": {**zone, "www.org": (bad,)}}),
        VICTIM: authority({"org": {**zone, "www.org": (good,)}}),
    }
    return world


def test_resolver_asks_another_server_where_an_answer_is_bogus() -> None:
    """The zone has one that tells the truth."""
    world = forged_world()
    resolver = Resolver(OPTIONS, Cache(), world.clock, Judge(A("185.1.1.80")))
    resolution = world.run(resolver.resolve(Question("www.org", "A")))
    assert (Security.SECURE, (A("185.1.1.80"),)) == (resolution.security, resolution.answers[0].rdatas)


def test_resolver_looks_up_another_server_where_an_answer_is_bogus() -> None:
    """Also one that came without an address, before the doubtful one is asked again."""
    world = forged_world()
    whole = world.servers[ROOT]

    def without_glue_of_two(ask: Ask) -> Message | None:
        message = whole(ask)
        assert message is not None
        known = tuple(record for record in message.additional if record.name != "two.org")
        if ask.question == Question("two.org", "A"):
            return reply(ask.question, (Record("two.org", TTL, A(VICTIM)),), flags=0)
        return message._replace(additional=known)

    world.servers[ROOT] = without_glue_of_two
    resolver = Resolver(OPTIONS, Cache(), world.clock, Judge(A("185.1.1.80")))
    resolution = world.run(resolver.resolve(Question("www.org", "A")))
    assert (Security.SECURE, (A("185.1.1.80"),)) == (resolution.security, resolution.answers[0].rdatas)
    assert 1 == world.asked(EVIL).count(("www.org", "A"))


def test_resolver_gives_no_bogus_answer_but_to_who_checks_itself() -> None:
    """RFC 4035 §5.5 and §3.2.2: SERVFAIL with the reason; with CD what came."""
    world = forged_world()
    resolver = Resolver(OPTIONS, Cache(), world.clock, Judge(A("192.0.2.1")))
    resolution = world.run(resolver.resolve(Question("www.org", "A")))
    assert (Rcode.SERVFAIL, (), Security.BOGUS) == (resolution.rcode, resolution.answers, resolution.security)
    assert Reason("forged", Ede.DNSSEC_BOGUS) == resolution.reason
    unchecked = world.run(resolver.resolve(Question("www.org", "A"), checking_disabled=True))
    assert (Rcode.NOERROR, 1) == (unchecked.rcode, len(unchecked.answers))


@pytest.mark.parametrize("is_true", [True, False])
def test_resolver_ends_at_a_signed_denial_of_a_name_above(is_true: bool) -> None:
    """RFC 8020 §2, where the denial is proved; else the whole name is asked for."""
    proof = (Record("org", TTL, SOA("ns", "mail", 1, 1, 1, 1, 60)), Record("org", TTL, NSEC("z.org", BITMAP)), SIGNED)

    class Denying(Judge):
        def judge(self, question: Question, known: Known, find: Find, effort: Effort) -> Step[Known]:
            if known.rcode is Rcode.NXDOMAIN and not is_true:
                yield from ()
                return replace(known, security=Security.BOGUS)
            return (yield from super().judge(question, known, find, effort))

    def server(ask: Ask) -> Message:
        if ask.question.name == "b.org":
            return reply(ask.question, (), proof, rcode=Rcode.NXDOMAIN)
        return reply(ask.question, (Record(ask.question.name, TTL, A("185.1.1.80")),))

    world = forged_world()
    world.servers[EVIL] = world.servers[VICTIM] = server
    options = replace(OPTIONS, minimise=True)
    resolution = world.run(
        Resolver(options, Cache(), world.clock, Denying(A("185.1.1.80"))).resolve(Question("a.b.org", "A"))
    )
    assert (Rcode.NXDOMAIN if is_true else Rcode.NOERROR) is resolution.rcode


NAMES = st.sampled_from(["", "evil", "www.evil", "x.evil", "a.x.evil", "victim", "www.victim", "b.www.evil"])
RDATA: st.SearchStrategy[Rdata] = st.one_of(
    st.sampled_from([Opaque(type_, b"") for type_ in ("A", "NS", "CNAME", "DNAME", "SOA", "RRSIG", "NSEC3", "DS")]),
    st.sampled_from([A(EVIL), A(VICTIM), SIGNED.rdata, SOA("ns", "m", 1, 1, 1, 1, 60), NSEC("z.evil", BITMAP)]),
    st.builds(NS, NAMES),
    st.builds(CNAME, NAMES),
    st.builds(DNAME, NAMES),
)
SECTION = st.lists(st.builds(Record, NAMES, st.sampled_from([0, 1, TTL]), RDATA), max_size=5).map(tuple)
SAID = st.builds(
    Message,
    st.just(1),
    st.sampled_from([0, 0x8000, 0x8400, 0x8480, 0x8080, 0x8600, 0x8200]),
    rcode=st.sampled_from(Rcode),
    question=st.sampled_from([None, Question("a.x.evil", "A")]),
    answers=SECTION,
    authority=SECTION,
    additional=SECTION,
)


@given(st.lists(st.none() | SAID, min_size=1, max_size=8), st.booleans(), st.sampled_from(["A", "NS", "DS", "RRSIG"]))
def test_resolver_ends_whatever_the_servers_say(said: list[Message | None], minimise: bool, type_: str) -> None:
    """Any messages at all: a resolution within the budget, and nothing of the victim's zone from the attacker."""
    speech = itertools.cycle(said)
    world = world_of(lambda ask: next(speech))
    resolver = Resolver(replace(OPTIONS, minimise=minimise), Cache(), world.clock)
    resolution = world.run(resolver.resolve(Question("a.x.evil", type_)))
    assert len(world.asks) <= MAX_QUERIES
    assert isinstance(resolution, Resolution)
    honest = world.run(resolver.resolve(Question("www.victim", "A")))
    assert (A("185.1.1.80"),) == honest.answers[0].rdatas


@given(st.lists(st.none() | SAID, min_size=1, max_size=8))
def test_resolver_ends_whatever_the_root_says(said: list[Message | None]) -> None:
    """The same, were the root itself to lie."""
    speech = itertools.cycle(said)
    world = NameWorld(JumpingClock())
    world.servers = {address: lambda ask: next(speech) for address in (ROOT, EVIL, VICTIM)}
    resolver = Resolver(ResolverOptions(roots=(Server(ROOT),)), Cache(), world.clock)
    for name in ("a.x.evil", "www.victim"):
        assert isinstance(world.run(resolver.resolve(Question(name, "A"))), Resolution)
    assert len(world.asks) <= 2 * MAX_QUERIES


def test_resolver_counts_queries_to_the_last() -> None:
    """The bound holds at n and n+1: a question that needs three queries has three, or fails with two."""
    for most, rcode in ((2, Rcode.NOERROR), (1, Rcode.SERVFAIL)):
        world = world_of(authority({"evil": {"evil": (), "www.evil": (A("185.6.6.80"),)}}))
        resolver = Resolver(replace(OPTIONS, max_queries=most), Cache(), world.clock)
        resolution = world.run(resolver.resolve(Question("www.evil", "A")))
        assert (rcode, most) == (resolution.rcode, len(world.asks))
