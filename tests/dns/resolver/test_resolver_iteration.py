"""Resolving without I/O in a small Internet of zones."""

from __future__ import annotations

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.name_servers import WorldOfZones, zones_of
from scop.dns import CNAME, MX, A, Question, Rcode, Rdata
from scop.dns.resolver.asking import Server, Unanswered
from scop.dns.resolver.memory import Delegation, Memory
from scop.dns.resolver.old_iteration import Iteration, Resolution, World
from scop.dns.zone.answer import Zones

SOA = "@ SOA ns hostmaster 1 3600 600 86400 60\n"
ROOT = zones_of(
    _=SOA
    + """@ NS a.root-servers.
a.root-servers. A 127.0.30.1
test. NS ns.test.
ns.test. A 127.0.30.2
"""
)
TEST = zones_of(
    test=SOA
    + """@ NS ns
ns A 127.0.30.2
lagoon NS ns.lagoon
ns.lagoon A 127.0.10.1
harbor NS ns.harbor
ns.harbor A 127.0.20.1
hosted NS ns.lagoon.test.
glueless NS ns.glueless
loop-a NS ns.loop-b.test.
loop-b NS ns.loop-a.test.
"""
)
LAGOON = zones_of(
    lagoon_test=SOA
    + """@ NS ns
ns A 127.0.10.1
@ MX 10 mx
mx A 127.0.10.1
www CNAME mail.harbor.test.
near CNAME mx
ring CNAME ring2
ring2 CNAME ring
lost CNAME gone.harbor.test.
brief 0 A 127.0.10.9
""",
    hosted_test=SOA + "@ NS ns.lagoon.test.\n@ A 127.0.10.2\n",
)
HARBOR = zones_of(harbor_test=SOA + "@ NS ns\nns A 127.0.20.1\nmail A 127.0.20.1\n")

OWN_WORLD = World(53, has_own_root=True)


class Resolving:
    """A resolver's pure part in a world of zones."""

    def __init__(self, servers: dict[str, Zones], world: World = OWN_WORLD, stubs: tuple[Delegation, ...] = ()) -> None:
        self.world = WorldOfZones(servers)
        self.clock = JumpingClock()
        self.memory = Memory(Delegation("", (Server("127.0.30.1"),)), stubs)
        self._rules = world

    def resolve(self, name: str, type_: str = "A") -> Resolution:
        """Drive one question to its end."""
        step = Iteration(self.memory, self._rules, self.clock.monotonic).resolve(Question(name, type_))
        try:
            ask = next(step)
            while True:
                ask = step.send(self.world.answer(ask.server, ask.question))
        except StopIteration as stop:
            resolution: Resolution = stop.value
            return resolution

    def asked(self) -> list[str]:
        """Return which servers were asked since the last time."""
        servers = [address for address, _ in self.world.asked]
        self.world.asked.clear()
        return servers


def whole_world() -> Resolving:
    """Return a resolver that knows only where the root is."""
    return Resolving({"127.0.30.1": ROOT, "127.0.30.2": TEST, "127.0.10.1": LAGOON, "127.0.20.1": HARBOR})


def rdata(resolution: Resolution) -> tuple[Rdata, ...]:
    """Return the data of the records."""
    return tuple(record.rdata for record in resolution.records)


def test_resolver_goes_down_from_the_root_once() -> None:
    """Three referrals' worth of servers the first time, the last one after that, nobody for what is known."""
    resolving = whole_world()
    assert (MX(10, "mx.lagoon.test"),) == rdata(resolving.resolve("lagoon.test", "MX"))
    assert ["127.0.30.1", "127.0.30.2", "127.0.10.1"] == resolving.asked()
    assert (A("127.0.10.1"),) == rdata(resolving.resolve("mx.lagoon.test"))
    assert ["127.0.10.1"] == resolving.asked()
    assert (A("127.0.10.1"),) == rdata(resolving.resolve("mx.lagoon.test"))
    assert [] == resolving.asked()


def test_resolver_follows_aliases_from_zone_to_zone() -> None:
    """The trail is given whole, the alias first (RFC 1034 §3.6.2)."""
    resolving = whole_world()
    assert (CNAME("mail.harbor.test"), A("127.0.20.1")) == rdata(resolving.resolve("www.lagoon.test"))
    assert (CNAME("mail.harbor.test"),) == rdata(resolving.resolve("www.lagoon.test", "CNAME"))
    resolving.asked()
    assert (CNAME("mx.lagoon.test"), A("127.0.10.1")) == rdata(resolving.resolve("near.lagoon.test"))
    assert ["127.0.10.1"] == resolving.asked()


def test_resolver_ends_at_a_ring_of_aliases() -> None:
    """Seventeen links are too many, whoever made them."""
    with pytest.raises(Unanswered, match="aliases"):
        whole_world().resolve("ring.lagoon.test")


@pytest.mark.parametrize(
    ("name", "type_", "rcode"),
    [
        ("nowhere.lagoon.test", "A", Rcode.NXDOMAIN),
        ("lost.lagoon.test", "A", Rcode.NXDOMAIN),
        ("mx.lagoon.test", "TXT", Rcode.NOERROR),
        ("nothing", "A", Rcode.NXDOMAIN),
    ],
)
def test_resolver_remembers_what_is_not_there(name: str, type_: str, rcode: Rcode) -> None:
    """RFC 2308: for as long as the SOA says, and NXDOMAIN for every type."""
    resolving = whole_world()
    resolution = resolving.resolve(name, type_)
    assert (rcode, ["SOA"]) == (resolution.rcode, [record.type for record in resolution.authority])
    resolving.asked()
    resolving.clock.jump(59)
    aged = resolving.resolve(name, "MX" if rcode is Rcode.NXDOMAIN else type_)
    assert (rcode, 1, []) == (aged.rcode, aged.authority[0].ttl_seconds, resolving.asked())
    resolving.clock.jump(2)
    assert rcode is resolving.resolve(name, type_).rcode
    assert resolving.asked()


def test_resolver_counts_ttls_down_and_asks_anew_when_they_end() -> None:
    """An answer from memory says how long it still holds (RFC 1035 §7.4)."""
    resolving = whole_world()
    resolving.resolve("mx.lagoon.test")
    resolving.clock.jump(100)
    assert [200] == [record.ttl_seconds for record in resolving.resolve("mx.lagoon.test").records]
    resolving.asked()
    resolving.clock.jump(201)
    assert [300] == [record.ttl_seconds for record in resolving.resolve("mx.lagoon.test").records]
    assert resolving.asked()


def test_resolver_does_not_remember_what_has_no_time_to_live() -> None:
    """TTL 0 is for this answer only (RFC 1035 §3.2.1)."""
    resolving = whole_world()
    for _ in range(2):
        assert (A("127.0.10.9"),) == rdata(resolving.resolve("brief.lagoon.test"))
        assert "127.0.10.1" in resolving.asked()


def test_resolver_looks_up_a_server_that_came_without_its_address() -> None:
    """A zone may be served by a host of another zone."""
    resolving = whole_world()
    assert (A("127.0.10.2"),) == rdata(resolving.resolve("hosted.test"))


@pytest.mark.parametrize("name", ["glueless.test", "loop-a.test"])
def test_resolver_gives_up_on_zones_that_only_lead_to_themselves(name: str) -> None:
    """The work of one question is bounded (RFC 1034 §5.3.3)."""
    resolving = whole_world()
    with pytest.raises(Unanswered, match="no server of"):
        resolving.resolve(f"www.{name}")
    assert len(resolving.asked()) < 48


def test_resolver_asks_a_stub_zone_at_its_servers() -> None:
    """A stub zone wins over what the root says of it, and over special use of its name."""
    stub = Delegation("lagoon.test", (Server("127.0.10.1"),))
    resolving = Resolving({"127.0.10.1": LAGOON}, World(53), (stub,))
    assert (A("127.0.10.1"),) == rdata(resolving.resolve("mx.lagoon.test"))
    assert ["127.0.10.1"] == resolving.asked()


def test_resolver_turns_to_the_next_server_and_asks_silent_ones_last() -> None:
    """A dead server costs one question, not every one."""
    stub = Delegation("lagoon.test", (Server("127.0.66.6"), Server("127.0.10.1")))
    resolving = Resolving({"127.0.10.1": LAGOON}, stubs=(stub,))
    resolving.resolve("mx.lagoon.test")
    assert ["127.0.66.6", "127.0.10.1"] == resolving.asked()
    resolving.resolve("lagoon.test", "MX")
    assert ["127.0.10.1"] == resolving.asked()
    resolving.clock.jump(16)
    resolving.resolve("lagoon.test", "TXT")
    assert ["127.0.66.6", "127.0.10.1"] == resolving.asked()


def test_resolver_asks_a_silent_zone_twice_before_it_gives_up() -> None:
    """One lost datagram is no reason to put off a mail."""
    resolving = Resolving({})
    with pytest.raises(Unanswered, match="no server of the root"):
        resolving.resolve("lagoon.test")
    assert ["127.0.30.1"] * 2 == resolving.asked()


def test_resolver_passes_over_a_server_that_does_not_know_the_zone() -> None:
    """REFUSED is no answer of the zone."""
    stub = Delegation("lagoon.test", (Server("127.0.20.1"), Server("127.0.10.1")))
    resolving = Resolving({"127.0.10.1": LAGOON, "127.0.20.1": HARBOR}, stubs=(stub,))
    assert (A("127.0.10.1"),) == rdata(resolving.resolve("mx.lagoon.test"))


def test_resolver_is_not_led_into_our_own_network_by_the_internet() -> None:
    """Under the Internet's root, a referral to loopback or a private address leads nowhere."""
    root = zones_of(_=SOA + "@ NS a.\na. A 198.41.0.4\ncom. NS ns.com.\nns.com. A 127.0.0.1\n")
    resolving = Resolving({"127.0.30.1": root}, World(53))
    with pytest.raises(Unanswered, match="no server of com"):
        resolving.resolve("evil.com")
    assert ["127.0.30.1"] == resolving.asked()


@pytest.mark.parametrize(
    ("name", "type_", "rcode", "found"),
    [
        ("mail.test", "A", Rcode.NXDOMAIN, ()),
        ("printer.local", "A", Rcode.NXDOMAIN, ()),
        ("x.onion", "MX", Rcode.NXDOMAIN, ()),
        ("localhost", "A", Rcode.NOERROR, (A("127.0.0.1"),)),
        ("a.localhost", "MX", Rcode.NOERROR, ()),
    ],
)
def test_resolver_answers_special_names_itself(name: str, type_: str, rcode: Rcode, found: tuple[Rdata, ...]) -> None:
    """RFC 6761: the Internet's root is not asked for names that it cannot know."""
    resolving = Resolving({"127.0.30.1": ROOT}, World(53))
    resolution = resolving.resolve(name, type_)
    assert (rcode, found, []) == (resolution.rcode, rdata(resolution), resolving.asked())


def test_resolver_asks_above_the_cut_for_a_ds() -> None:
    """RFC 4035 §4.2: the parent knows whether its child is signed."""
    resolving = whole_world()
    resolving.resolve("lagoon.test")
    resolving.asked()
    assert Rcode.NOERROR is resolving.resolve("lagoon.test", "DS").rcode
    assert ["127.0.30.2"] == resolving.asked()
