"""Servers that are slow, silent, lame, old or broken: who is asked next, and what is remembered of them."""

import ipaddress

import pytest

from fakes.name_world import Behaviour, NameWorld, authority, reply
from fakes.name_world import Zone as Held
from scop.dns import NS, A, Question, Rcode
from scop.dns.asking import ASK_SECONDS, Ask, Server
from scop.dns.message import Edns, Flag, Message, Record
from scop.dns.rdata import CNAME
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.options import ResolverOptions, Zone
from scop.dns.resolver.resolution import Resolution
from scop.dns.resolver.resolver import Resolver
from scop.dns.resolver.servers import (
    BAND_SECONDS,
    HALF_LIFE_SECONDS,
    LAME_SECONDS,
    MAX_LAME_ZONES,
    MAX_TIMEOUT_SECONDS,
    Servers,
)

ROOT, FIRST, SECOND = "198.41.0.4", "185.1.0.1", "185.1.0.2"
HOST = A("185.1.0.80")
ZONE: Held = {
    "org": (NS("one.org"), NS("two.org")),
    "one.org": (A(FIRST),),
    "two.org": (A(SECOND),),
    "host.org": (HOST,),
}
PLACES = [Server(f"192.0.2.{number}") for number in range(5)]


def world_of() -> NameWorld:
    """Return a root above one zone with two servers."""
    world = NameWorld()
    world.servers[ROOT] = authority({"": {"": (NS("a.root"),), "a.root": (A(ROOT),), **ZONE}})
    world.servers[FIRST] = world.servers[SECOND] = authority({"org": ZONE})
    return world


def resolver_in(world: NameWorld, options: ResolverOptions | None = None) -> Resolver:
    """Return a resolver that shows whole names to everybody."""
    options = options or ResolverOptions(roots=(Server(ROOT),), prime=False, minimise=False)
    return Resolver(options, Cache(), world.clock)


def resolved(world: NameWorld, name: str = "host.org", options: ResolverOptions | None = None) -> Resolution:
    """Return what a new resolver finds."""
    return world.run(resolver_in(world, options).resolve(Question(name, "A")))


def test_resolver_turns_to_another_server_where_one_is_silent() -> None:
    """And asks the silent one last from then on."""
    world = world_of()
    del world.servers[FIRST]
    resolver = resolver_in(world)
    assert Rcode.NOERROR is world.run(resolver.resolve(Question("host.org", "A"))).rcode
    world.asks.clear()
    assert Rcode.NXDOMAIN is world.run(resolver.resolve(Question("none.org", "A"))).rcode
    assert [SECOND] == [ask.server.address for ask in world.asks]


def test_resolver_asks_silent_servers_once_more() -> None:
    """A datagram is lost now and then; then the question fails."""
    world = world_of()
    del world.servers[FIRST], world.servers[SECOND]
    resolution = resolved(world)
    assert Rcode.SERVFAIL is resolution.rcode
    assert [FIRST, SECOND, FIRST, SECOND] == [ask.server.address for ask in world.asks[1:]]


@pytest.mark.parametrize(
    "said",
    [
        lambda ask: reply(ask.question, rcode=Rcode.SERVFAIL),
        lambda ask: reply(ask.question, rcode=Rcode.REFUSED),
        lambda ask: reply(ask.question, rcode=Rcode.NOTIMP),
        lambda ask: reply(ask.question, rcode=Rcode.YXDOMAIN),
        lambda ask: reply(ask.question, (), (Record("", 300, NS("a.root")),), flags=0),  # upwards
        lambda ask: reply(ask.question, (), (Record("org", 300, NS("one.org")),), flags=0),  # to itself
        lambda ask: reply(ask.question, (Record("host.org", 300, A("185.6.6.6")),), flags=Flag.RECURSION_AVAILABLE),
        lambda ask: reply(Question("other.org", "A"), (Record("other.org", 300, A("185.6.6.6")),)),
        lambda ask: reply(ask.question)._replace(flags=0),  # no response
        lambda ask: reply(ask.question, flags=0),  # nothing at all
    ],
)
def test_resolver_turns_to_another_server_where_one_is_of_no_use(said: Behaviour) -> None:
    """Refusals, failures, lame delegations, resolvers by mistake, answers to something else, and empty ones."""
    world = world_of()
    world.servers[FIRST] = said
    assert (HOST,) == resolved(world).answers[0].rdatas


def test_resolver_believes_two_servers_that_have_nothing_to_say() -> None:
    """An empty answer is taken for NODATA where nobody has more, and not for long."""
    world = world_of()
    world.servers[FIRST] = world.servers[SECOND] = lambda ask: reply(ask.question, flags=0)
    resolution = resolved(world)
    assert (Rcode.NOERROR, (), ()) == (resolution.rcode, resolution.answers, resolution.authority)


def test_resolver_asks_resolvers_as_such_where_nobody_else_serves_the_zone() -> None:
    """With RD, after all else failed."""
    world = world_of()

    def recursive(ask: Ask) -> Message:
        answers = (Record("host.org", 300, HOST),) if ask.recursion_desired else ()
        return reply(ask.question, answers, flags=Flag.RECURSION_AVAILABLE)

    world.servers[FIRST] = world.servers[SECOND] = recursive
    assert (HOST,) == resolved(world).answers[0].rdatas


@pytest.mark.parametrize("rcode", [Rcode.FORMERR, Rcode.NOTIMP, Rcode.BADVERS])
def test_resolver_gives_up_edns_where_a_server_cannot_take_it(rcode: Rcode) -> None:
    """RFC 6891 §7; it is remembered, so that the next question is one query."""
    world = world_of()
    honest = world.servers[FIRST]

    def old(ask: Ask) -> Message | None:
        return honest(ask) if ask.edns is None else reply(ask.question, rcode=rcode)

    world.servers[FIRST] = world.servers[SECOND] = old
    resolver = resolver_in(world)
    assert Rcode.NOERROR is world.run(resolver.resolve(Question("host.org", "A"))).rcode
    world.asks.clear()
    assert Rcode.NXDOMAIN is world.run(resolver.resolve(Question("none.org", "A"))).rcode
    assert [None] == [ask.edns for ask in world.asks if ask.server.address == FIRST]


def test_resolver_keeps_edns_where_a_server_speaks_it_and_refuses_all_the_same() -> None:
    """A FORMERR that carries OPT is about something else."""
    world = world_of()
    world.servers[FIRST] = lambda ask: reply(ask.question, rcode=Rcode.FORMERR)._replace(edns=Edns())
    resolved(world)
    assert all(ask.edns is not None for ask in world.asks)


def test_resolver_looks_up_servers_that_came_without_addresses() -> None:
    """By their own names, each family for itself, and only where it must."""
    world = world_of()
    zone: Held = {"net": (NS("one.org"),), "host.net": (HOST,)}
    root: Held = {"": (NS("a.root"),), "a.root": (A(ROOT),), "net": (NS("one.org"),), **ZONE}
    world.servers[ROOT] = lambda ask: _without_glue(authority({"": root})(ask), "net")
    world.servers[FIRST] = authority({"org": ZONE, "net": zone})
    assert (HOST,) == resolved(world, "host.net").answers[0].rdatas
    assert ("one.org", "A") in world.asked()
    assert ("one.org", "AAAA") not in world.asked()


def test_resolver_looks_up_those_that_it_does_not_know_yet() -> None:
    """Servers whose glue was tried take no place among the few that are looked up."""
    world = world_of()
    lost = {f"n{number}.net": (A(f"185.2.0.{number}"),) for number in range(6)}
    servers = (*(NS(name) for name in lost), NS("one.org"))
    root: Held = {"": (NS("a.root"),), "a.root": (A(ROOT),), "net": servers, **ZONE, **lost}
    world.servers[ROOT] = lambda ask: _without_glue_of(authority({"": root})(ask), "one.org")
    world.servers[FIRST] = authority({"org": ZONE, "net": {"net": servers, "host.net": (HOST,)}})
    assert (HOST,) == resolved(world, "host.net").answers[0].rdatas


def test_resolver_asks_the_parent_for_glue_that_is_missing() -> None:
    """A server inside of its own zone could only be found through itself."""
    world = world_of()
    whole = world.servers[ROOT]
    world.servers[ROOT] = lambda ask: (
        reply(ask.question, (Record("one.org", 300, A(FIRST)),), flags=0)
        if ask.question == Question("one.org", "A")
        else _without_glue(whole(ask), "org")
    )
    assert (HOST,) == resolved(world).answers[0].rdatas


def test_resolver_verifies_glue_of_sibling_zones_where_told_to() -> None:
    """Only the server's own zone says where it is; the glue is used where that fails."""
    options = ResolverOptions(roots=(Server(ROOT),), prime=False, minimise=False, verify_glue=True)
    root: Held = {"": (NS("a.root"),), "a.root": (A(ROOT),), "net": (NS("ns.org"),), "ns.org": (A(SECOND),), **ZONE}
    for true_address, wanted in ((A(FIRST), FIRST), (None, SECOND)):
        world = world_of()
        world.servers[ROOT] = authority({"": root})
        org: Held = {**ZONE, **({"ns.org": (true_address,)} if true_address else {})}
        for address in (FIRST, SECOND):
            world.servers[address] = authority({"org": org, "net": {"net": (), "host.net": (HOST,)}})
        assert (HOST,) == resolved(world, "host.net", options).answers[0].rdatas
        assert wanted == next(
            ask.server.address for ask in world.asks if ask.question.name == "host.net" and ask.server.address != ROOT
        )


def test_resolver_follows_a_server_name_that_is_an_alias() -> None:
    """RFC 2181 §10.3 forbids it; some do it."""
    world = world_of()
    zone: Held = {"net": (NS("alias.org"),), "host.net": (HOST,)}
    org: Held = {**ZONE, "alias.org": (CNAME("one.org"),)}
    world.servers[ROOT] = authority({"": {"": (NS("a.root"),), "net": (NS("alias.org"),), **ZONE}})
    world.servers[FIRST] = authority({"org": org, "net": zone})
    assert (HOST,) == resolved(world, "host.net").answers[0].rdatas


def test_resolver_asks_once_more_from_above_where_a_delegation_is_outdated() -> None:
    """The zone moved before its delegation ran out here: the parent is asked again."""
    world = world_of()
    resolver = resolver_in(world)
    world.run(resolver.resolve(Question("host.org", "A")))
    moved: Held = {"org": (NS("new.org"),), "new.org": (A("185.1.0.9"),), "late.org": (HOST,)}
    world.servers = {ROOT: authority({"": {"": (NS("a.root"),), **moved}}), "185.1.0.9": authority({"org": moved})}
    assert (HOST,) == world.run(resolver.resolve(Question("late.org", "A"))).answers[0].rdatas


def test_resolver_asks_no_private_address_that_the_internet_names() -> None:
    """A zone out there cannot make us speak to a host in here; a root or a stub of our own can."""
    private: Held = {"org": (NS("ns.org"),), "ns.org": (A("10.1.2.3"),), "host.org": (HOST,)}
    own_root = ResolverOptions(roots=(Server(ROOT),), prime=False, has_own_root=True)
    stub = ResolverOptions(zones=(Zone("org", (Server(FIRST),)),), minimise=False)
    for options, rcode in ((None, Rcode.SERVFAIL), (own_root, Rcode.NOERROR), (stub, Rcode.NOERROR)):
        world = NameWorld()
        world.servers[ROOT] = authority({"": {"": (NS("a.root"),), **private}})
        inner: Held = {"host.org": (NS("ns.org"), HOST), "ns.org": (A("10.1.2.3"),)}
        world.servers[FIRST] = authority({"org": {"org": (), **inner}})
        world.servers["10.1.2.3"] = authority({"org": private, "host.org": {"host.org": (HOST,)}})
        assert rcode is resolved(world, options=options).rcode


def test_resolver_asks_no_excluded_server_and_no_family_without_a_way() -> None:
    """Configured servers are asked all the same."""
    for options in (
        ResolverOptions(roots=(Server(ROOT),), prime=False, excluded_servers=(ipaddress.ip_network("185.0.0.0/8"),)),
        ResolverOptions(roots=(Server(ROOT),), prime=False, ask_ipv4=False),
    ):
        world = world_of()
        assert Rcode.SERVFAIL is resolved(world, options=options).rcode
        assert {ROOT} == {ask.server.address for ask in world.asks}


def test_resolver_reaches_ipv4_servers_through_a_translator() -> None:
    """RFC 6052 §2.2: for hosts that have IPv6 only."""
    world = world_of()
    root6 = "2001:500:2f::f"
    world.servers[root6] = world.servers.pop(ROOT)
    world.servers["64:ff9b::b901:1"] = world.servers.pop(FIRST)
    options = ResolverOptions(
        roots=(Server(root6),), prime=False, ask_ipv4=False, nat64_prefix=ipaddress.IPv6Network("64:ff9b::/96")
    )
    assert (HOST,) == resolved(world, options=options).answers[0].rdatas


def test_servers_prefer_quick_ones_and_measure_unknown_ones() -> None:
    """RFC 1035 §7.2; a slow one looks quicker as time goes by."""
    servers = Servers()
    servers.note_answer(PLACES[0], 0.2, 0.0)
    servers.note_answer(PLACES[1], 0.1, 0.0)
    assert [PLACES[2], PLACES[1], PLACES[0]] == servers.in_order(PLACES[:3], "", 0.0)
    servers.note_silent(PLACES[2], 0.0)
    assert [PLACES[1], PLACES[0], PLACES[2]] == servers.in_order(PLACES[:3], "", 0.0)
    servers.note_answer(PLACES[0], 0.01, 10 * HALF_LIFE_SECONDS)
    assert [PLACES[2], PLACES[0]] == servers.in_order([PLACES[0], PLACES[2]], "", 10 * HALF_LIFE_SECONDS)


def test_servers_wait_as_long_as_a_server_takes() -> None:
    """RFC 6298 §2: smoothed, and within bounds."""
    servers = Servers()
    assert ASK_SECONDS == servers.timeout_seconds(PLACES[0])
    servers.note_answer(PLACES[0], 0.001, 0.0)
    assert 0.4 == servers.timeout_seconds(PLACES[0])
    for _ in range(10):
        servers.note_silent(PLACES[0], 0.0)
    assert MAX_TIMEOUT_SECONDS == servers.timeout_seconds(PLACES[0])


def test_servers_are_of_no_use_to_one_zone_only() -> None:
    """For a while; and so many zones of one server are remembered."""
    servers = Servers()
    servers.note_useless(PLACES[0], "a.test", 0.0)
    assert [PLACES[1], PLACES[0]] == servers.in_order(PLACES[:2], "a.test", 1.0)
    assert PLACES[:2] == servers.in_order(PLACES[:2], "b.test", 1.0)
    assert PLACES[:2] == servers.in_order(PLACES[:2], "a.test", LAME_SECONDS + 1)
    for number in range(MAX_LAME_ZONES):
        servers.note_useless(PLACES[0], f"{number}.test", 0.0)
    assert PLACES[:2] == servers.in_order(PLACES[:2], "a.test", 1.0)
    assert [PLACES[1], PLACES[0]] == servers.in_order(PLACES[:2], "0.test", 1.0)


def _without_glue(message: Message | None, zone: str) -> Message | None:
    assert message is not None
    is_referral = any(record.name == zone for record in message.authority)
    return message._replace(additional=()) if is_referral else message


def _without_glue_of(message: Message | None, name: str) -> Message | None:
    assert message is not None
    is_of_net = any(record.name == "net" for record in message.authority)
    kept = tuple(record for record in message.additional if not is_of_net or record.name != name)
    return message._replace(additional=kept)


def test_chance_decides_among_servers_that_are_equally_quick() -> None:
    """RFC 5452 §9.2: one more thing to guess; the slow and the useless stay behind."""
    quick, near, slow, useless, unknown = (Server(f"185.9.9.{n}") for n in range(5))
    order = {}
    for chance in (lambda count: 0, lambda count: count - 1):
        servers = Servers(chance)
        servers.note_answer(quick, 0.01, 0.0)
        servers.note_answer(near, 0.01 + BAND_SECONDS / 2, 0.0)
        servers.note_answer(slow, 0.02 + BAND_SECONDS, 0.0)
        servers.note_useless(useless, "test", 0.0)
        order[chance(2)] = servers.in_order((useless, slow, quick, near, unknown), "test", 0.0)
    assert order == {0: [quick, near, unknown, slow, useless], 1: [unknown, near, quick, slow, useless]}
    assert Servers().in_order((), "test", 0.0) == []


def test_silent_servers_are_asked_for_a_part_of_a_name_only_once() -> None:
    """RFC 9156 §2.3: the whole name is asked for next, which is a second time for each of them already."""
    roots = tuple(Server(f"198.41.0.{n}") for n in range(3))
    world = NameWorld()
    options = ResolverOptions(roots=roots, prime=False)
    assert world.run(Resolver(options, Cache(), world.clock).resolve(Question("www.org", "A"))).has_failed
    assert world.asked() == [("org", "A")] * 3 + [("www.org", "A")] * 6
