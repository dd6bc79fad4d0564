"""From the root hints down: what is asked of whom, and how much of a name each server sees."""

from collections.abc import Mapping

import pytest

from fakes.name_world import NameWorld, Zone, authority, reply
from scop.dns import AAAA, CNAME, MX, NS, A, Question, Rcode
from scop.dns.asking import Ask, Protocol, Server
from scop.dns.message import Flag, Message, Record
from scop.dns.rdata import DNAME
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.options import ResolverOptions, Resort, Way
from scop.dns.resolver.options import Zone as ConfiguredZone
from scop.dns.resolver.resolution import NoteKind, Resolution
from scop.dns.resolver.resolver import Resolver
from scop.dns.words import Ede

ROOT, ORG, EXAMPLE, ELSEWHERE = "198.41.0.4", "199.19.56.1", "185.1.2.3", "185.1.2.4"
ROOT_ZONE: Zone = {
    "": (NS("a.root"),),
    "a.root": (A(ROOT),),
    "org": (NS("a0.org"),),
    "a0.org": (A(ORG),),
}
ORG_ZONE: Zone = {
    "org": (NS("a0.org"),),
    "example.org": (NS("ns.example.org"),),
    "ns.example.org": (A(EXAMPLE),),
    "away.org": (NS("ns.example.org"),),
}
EXAMPLE_ZONE: Zone = {
    "example.org": (NS("ns.example.org"), MX(10, "mx.example.org")),
    "ns.example.org": (A(EXAMPLE),),
    "www.example.org": (CNAME("host.example.org"),),
    "host.example.org": (A("185.1.2.80"), AAAA("2a00::80")),
    "far.example.org": (CNAME("host.away.org"),),
    "a.b.c.d.example.org": (A("185.1.2.81"),),
    "_25._tcp.mx.example.org": (A("185.1.2.82"),),
    "old.example.org": (DNAME("new.example.org"),),
    "x.new.example.org": (A("185.1.2.83"),),
    "loop.example.org": (CNAME("pool.example.org"),),
    "pool.example.org": (CNAME("loop.example.org"),),
}
AWAY_ZONE: Zone = {"away.org": (NS("ns.example.org"),), "host.away.org": (A("185.1.2.90"),)}


def world_of(more: Mapping[str, Zone] = {}) -> NameWorld:
    """Return the root, org, and example.org with away.org beside it."""
    world = NameWorld()
    world.servers[ROOT] = authority({"": ROOT_ZONE})
    world.servers[ORG] = authority({"org": ORG_ZONE})
    world.servers[EXAMPLE] = authority({"example.org": EXAMPLE_ZONE, "away.org": AWAY_ZONE, **more})
    return world


def resolver_in(world: NameWorld, options: ResolverOptions | None = None) -> Resolver:
    """Return a resolver that begins at the root."""
    options = options or ResolverOptions(roots=(Server(ROOT),), prime=False)
    return Resolver(options, Cache(), world.clock)


def resolved(world: NameWorld, name: str, type_: str = "A", options: ResolverOptions | None = None) -> Resolution:
    """Return what a new resolver finds."""
    return world.run(resolver_in(world, options).resolve(Question(name, type_)))


def records(resolution: Resolution) -> list[str]:
    """Return the answers' names, types and first words."""
    return [f"{rrset.owner} {rrset.type}" for rrset in resolution.answers]


def test_resolver_goes_down_by_referrals_and_shows_each_server_one_label_more() -> None:
    """RFC 9156 §2.3: the root hears of org, org of example.org, and only its own server of the whole name."""
    world = world_of()
    resolution = resolved(world, "host.example.org", "AAAA")
    assert (Rcode.NOERROR, ["host.example.org AAAA"]) == (resolution.rcode, records(resolution))
    assert [("org", "A")] == world.asked(ROOT)
    assert [("example.org", "A")] == world.asked(ORG)
    assert [("host.example.org", "AAAA")] == world.asked(EXAMPLE)


def test_resolver_asks_for_whole_names_where_minimising_is_off() -> None:
    """Every server hears the question itself."""
    world = world_of()
    resolved(world, "host.example.org", options=ResolverOptions(roots=(Server(ROOT),), prime=False, minimise=False))
    assert [("host.example.org", "A")] * 3 == world.asked()


def test_resolver_asks_without_recursion_and_for_proofs() -> None:
    """RFC 4035 §4.1: DO is set; RD only towards a forwarder."""
    world = world_of()
    resolved(world, "host.example.org")
    assert all(ask.edns is not None and ask.edns.dnssec_ok and not ask.recursion_desired for ask in world.asks)


def test_resolver_begins_the_next_question_at_the_deepest_cut_it_knows() -> None:
    """A second name of the zone costs one query."""
    world = world_of()
    resolver = resolver_in(world)
    world.run(resolver.resolve(Question("host.example.org", "A")))
    before = len(world.asks)
    world.run(resolver.resolve(Question("example.org", "MX")))
    assert [("example.org", "MX")] == world.asked()[before:]


def test_resolver_passes_by_labels_that_are_no_cuts() -> None:
    """RFC 9156 §2.3: empty non-terminals lead on in the same zone."""
    world = world_of()
    assert ["a.b.c.d.example.org A"] == records(resolved(world, "a.b.c.d.example.org"))
    assert ["d.example.org", "c.d.example.org", "b.c.d.example.org", "a.b.c.d.example.org"] == [
        name for name, _ in world.asked(EXAMPLE)
    ]


def test_resolver_looks_for_no_cut_at_underscores() -> None:
    """RFC 8552 §1.1: names of services are asked for whole."""
    world = world_of()
    resolved(world, "_25._tcp.mx.example.org")
    assert ["mx.example.org", "_25._tcp.mx.example.org"] == [name for name, _ in world.asked(EXAMPLE)]


@pytest.mark.parametrize("rcode", [Rcode.NXDOMAIN, Rcode.REFUSED, Rcode.SERVFAIL])
def test_resolver_asks_for_the_whole_name_where_a_part_of_it_is_denied(rcode: Rcode) -> None:
    """RFC 9156 §2.3, relaxed: servers that deny empty non-terminals are not rare."""
    world = world_of()
    honest = world.servers[EXAMPLE]
    world.servers[EXAMPLE] = lambda ask: (
        reply(ask.question, rcode=rcode) if ask.question.name == "d.example.org" else honest(ask)
    )
    assert ["a.b.c.d.example.org A"] == records(resolved(world, "a.b.c.d.example.org"))


def test_resolver_follows_aliases_into_other_zones() -> None:
    """RFC 1034 §5.3.3 step 4c; the chain stands in the answer in its order."""
    world = world_of()
    assert ["far.example.org CNAME", "host.away.org A"] == records(resolved(world, "far.example.org"))


def test_resolver_takes_only_the_first_link_of_a_chain_on_trust() -> None:
    """RFC 2181 §5.4.1: what else a server adds is asked for by its own name."""
    world = world_of()
    planted = Record("host.example.org", 300, A("185.6.6.6"))
    honest = world.servers[EXAMPLE]

    def planting(ask: Ask) -> Message | None:
        message = honest(ask)
        assert message is not None
        return message._replace(answers=(*message.answers, planted)) if ask.question.name[:3] == "www" else message

    world.servers[EXAMPLE] = planting
    resolution = resolved(world, "www.example.org")
    assert (A("185.1.2.80"),) == resolution.answers[-1].rdatas


@pytest.mark.parametrize("last", ["host.example.org", "host.away.org"])
def test_resolver_takes_the_rest_of_a_chain_where_nobody_answers_for_it(last: str) -> None:
    """Some servers know a name only at a chain's end; within the zone that is better than nothing, outside not."""
    world = world_of()
    chain = (Record("www.example.org", 300, CNAME(last)), Record(last, 300, A("185.1.2.80")))
    honest = world.servers[EXAMPLE]
    world.servers[EXAMPLE] = lambda ask: (
        reply(ask.question, chain)
        if ask.question.name == "www.example.org"
        else None
        if ask.question.name == last
        else honest(ask)
    )
    resolution = resolved(world, "www.example.org")
    rcode = Rcode.NOERROR if last.endswith("example.org") else Rcode.SERVFAIL
    assert (rcode, rcode is Rcode.NOERROR) == (resolution.rcode, bool(resolution.answers))


def test_resolver_says_why_it_failed() -> None:
    """RFC 8914 §4.23: nobody could be reached, and what those said that could; the failure is kept for a moment."""
    world = world_of()
    world.servers[EXAMPLE] = lambda ask: reply(ask.question, rcode=Rcode.REFUSED)
    resolver = resolver_in(world)
    resolution = world.run(resolver.resolve(Question("host.example.org", "A")))
    assert resolution.reason is not None
    assert (Ede.NO_REACHABLE_AUTHORITY, True) == (resolution.reason.ede, "REFUSED" in resolution.reason.text)
    before = len(world.asks)
    again = world.run(resolver.resolve(Question("host.example.org", "A")))
    assert again.reason is not None
    assert (Rcode.SERVFAIL, Ede.CACHED_ERROR, before) == (again.rcode, again.reason.ede, len(world.asks))


def test_resolver_recalls_what_nobody_has_to_be_asked_for() -> None:
    """Whole chains and absences, special names too; nothing where a link is missing."""
    world = world_of()
    resolver = resolver_in(world)
    asked = Question("www.example.org", "A")
    assert resolver.recall(asked) is None
    world.run(resolver.resolve(asked))
    recalled = resolver.recall(asked)
    assert recalled is not None
    assert ["www.example.org CNAME", "host.example.org A"] == records(recalled)
    local = resolver.recall(Question("localhost", "A"))
    assert local is not None
    assert local.is_local


def test_resolver_makes_an_alias_of_a_dname() -> None:
    """RFC 6672 §3.1: the DNAME and the CNAME made of it stand in the answer."""
    world = world_of()
    honest = world.servers[EXAMPLE]

    def with_dname(ask: Ask) -> Message | None:
        if ask.question.name.endswith(".old.example.org"):
            return reply(ask.question, (Record("old.example.org", 300, DNAME("new.example.org")),))
        return honest(ask)

    world.servers[EXAMPLE] = with_dname
    wanted = ["old.example.org DNAME", "x.old.example.org CNAME", "x.new.example.org A"]
    assert wanted == records(resolved(world, "x.old.example.org"))


def test_resolver_says_where_a_dname_makes_a_name_too_long() -> None:
    """RFC 6672 §2.2: YXDOMAIN, with the DNAME."""
    world = world_of()
    target = ".".join(["x" * 60] * 4)
    long = (Record("old.example.org", 300, DNAME(target)),)
    honest = world.servers[EXAMPLE]
    world.servers[EXAMPLE] = lambda ask: (
        reply(ask.question, long, rcode=Rcode.YXDOMAIN) if "too" in ask.question.name else honest(ask)
    )
    resolution = resolved(world, "too-long-a-name.old.example.org")
    assert (Rcode.YXDOMAIN, ["old.example.org DNAME"]) == (resolution.rcode, records(resolution))


def test_resolver_says_that_there_is_nothing_with_the_soa() -> None:
    """RFC 2308 §2.1 and §2.2."""
    nothing, no_type = resolved(world_of(), "none.example.org"), resolved(world_of(), "host.example.org", "MX")
    assert (Rcode.NXDOMAIN, Rcode.NOERROR) == (nothing.rcode, no_type.rcode)
    assert ["SOA"] == [rrset.type for rrset in nothing.authority] == [rrset.type for rrset in no_type.authority]


def test_resolver_fails_where_aliases_lead_in_circles() -> None:
    """RFC 1034 §3.6.2."""
    resolution = resolved(world_of(), "loop.example.org")
    assert (Rcode.SERVFAIL, ()) == (resolution.rcode, resolution.answers)
    assert resolution.reason is not None


def test_resolver_asks_for_a_ds_above_the_cut() -> None:
    """RFC 4035 §4.2: the parent speaks of it, even where the child's servers are known."""
    world = world_of()
    resolver = resolver_in(world)
    world.run(resolver.resolve(Question("host.example.org", "A")))
    world.asks.clear()
    resolution = world.run(resolver.resolve(Question("example.org", "DS")))
    assert (Rcode.NOERROR, [("example.org", "DS")]) == (resolution.rcode, world.asked(ORG))
    assert [] == world.asked(EXAMPLE)


def test_resolver_primes_the_root_from_its_hints() -> None:
    """RFC 8109 §3: the servers that the root itself names are asked from then on, the hints after them."""
    world = world_of()
    hint, world.servers["198.41.0.1"] = (
        "198.41.0.1",
        lambda ask: (
            reply(ask.question, (Record("", 300, NS("a.root")),), (), (Record("a.root", 300, A(ROOT)),))
            if ask.question == Question("", "NS")
            else None
        ),
    )
    options = ResolverOptions(roots=(Server(hint),))
    assert Rcode.NOERROR is resolved(world, "host.example.org", options=options).rcode
    assert [("", "NS")] == world.asked(hint)


def test_resolver_uses_the_hints_where_priming_fails() -> None:
    """RFC 8109 §3.1: no answer is no reason to stop; and it is not tried again at once."""
    world = world_of()
    honest = world.servers[ROOT]
    world.servers[ROOT] = lambda ask: None if ask.question.name == "" else honest(ask)
    resolver = resolver_in(world, ResolverOptions(roots=(Server(ROOT),)))
    for name in ("host.example.org", "host.away.org"):
        assert Rcode.NOERROR is world.run(resolver.resolve(Question(name, "A"))).rcode
    assert 1 == world.asked().count(("", "NS"))


def test_resolver_asks_a_stub_zone_at_its_servers() -> None:
    """The configured servers are asked without RD, and nobody above them."""
    world = world_of()
    world.servers[ELSEWHERE] = authority({"lan.example": {"lan.example": (), "host.lan.example": (A("10.0.0.1"),)}})
    zone = ConfiguredZone("lan.example", (Server(ELSEWHERE, 5300),))
    resolution = resolved(world, "host.lan.example", options=ResolverOptions(roots=(Server(ROOT),), zones=(zone,)))
    assert ["host.lan.example A"] == records(resolution)
    assert {Server(ELSEWHERE, 5300)} == {ask.server for ask in world.asks}


def test_resolver_forwards_with_rd_and_takes_the_whole_chain() -> None:
    """A forwarder's words are the answer; its names are not minimised."""
    world = NameWorld()
    chain = (Record("www.a.example", 300, CNAME("b.example")), Record("b.example", 300, A("185.1.1.1")))
    world.servers[ELSEWHERE] = lambda ask: reply(ask.question, chain, flags=Flag.RECURSION_AVAILABLE)
    zone = ConfiguredZone("", (Server(ELSEWHERE),), Way.FORWARD)
    resolution = resolved(world, "www.a.example", options=ResolverOptions(zones=(zone,)))
    assert ["www.a.example CNAME", "b.example A"] == records(resolution)
    assert [True] == [ask.recursion_desired for ask in world.asks]


@pytest.mark.parametrize("way", Way)
def test_resolver_turns_to_the_world_where_it_is_told_to(way: Way) -> None:
    """Resort.WORLD: the configured servers first, then as if nothing were configured; else the question fails."""
    for resort, rcode in ((Resort.WORLD, Rcode.NOERROR), (Resort.NONE, Rcode.SERVFAIL)):
        world = world_of()
        world.servers[ELSEWHERE] = lambda ask: reply(ask.question, rcode=Rcode.SERVFAIL)
        zone = ConfiguredZone("example.org", (Server(ELSEWHERE),), way, resort)
        options = ResolverOptions(roots=(Server(ROOT),), prime=False, zones=(zone,))
        assert rcode is resolved(world, "host.example.org", options=options).rcode
        assert world.asked(ELSEWHERE)


def test_resolver_fails_without_a_root_for_names_outside_of_its_zones() -> None:
    """Nobody is asked, and the reason says so."""
    resolution = resolved(NameWorld(), "example.org", options=ResolverOptions())
    assert Rcode.SERVFAIL is resolution.rcode
    assert resolution.reason is not None
    assert "no root" in resolution.reason.text


def test_resolver_writes_down_every_step() -> None:
    """The trace names who was asked, who refers where, and what an alias leads to."""
    trace = resolved(world_of(), "www.example.org").trace
    kinds = [note.kind for note in trace]
    assert [NoteKind.REFERRED, NoteKind.REFERRED, NoteKind.ASKED, NoteKind.ALIAS, NoteKind.ASKED] == kinds
    assert [Server(ROOT), Server(ORG)] == [note.server for note in trace[:2]]


def test_resolver_asks_by_tcp_for_what_is_cut() -> None:
    """RFC 7766 §5: TC, then TCP; what is cut there too is of no use."""
    world = world_of()
    honest = world.servers[EXAMPLE]

    def cutting(ask: Ask) -> Message | None:
        message = honest(ask)
        assert message is not None
        return message.emptied() if ask.protocol is Protocol.UDP else message

    world.servers[EXAMPLE] = cutting
    assert ["host.example.org A"] == records(resolved(world, "host.example.org"))
    assert [Protocol.UDP, Protocol.TCP] == [ask.protocol for ask in world.asks if ask.server.address == EXAMPLE]
    world.servers[EXAMPLE] = lambda ask: reply(ask.question).emptied()
    assert Rcode.SERVFAIL is resolved(world, "host.example.org").rcode
