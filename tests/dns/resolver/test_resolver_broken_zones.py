"""What is remembered of zones that are bogus as a whole, and what a question that spends too much leaves behind."""

from __future__ import annotations

from dataclasses import replace

from fakes.jumping_clock import JumpingClock
from fakes.name_world import Behaviour, NameWorld, authority, reply
from fakes.signed_world import NOW, SignedWorld, SignedZone
from scop.dns import NS, A, Question, Rcode
from scop.dns.asking import Ask, Server
from scop.dns.dnssec.effort import MAX_SIGNATURE_CHECKS
from scop.dns.dnssec.keys import SigningKey
from scop.dns.dnssec.trust import BROKEN_SECONDS, Anchors
from scop.dns.dnssec.validation import Validator
from scop.dns.known import Known, Reason
from scop.dns.message import Message, Record
from scop.dns.rdata import CNAME, NSEC, Rdata
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.options import ResolverOptions, Way, Zone
from scop.dns.resolver.resolver import Resolver
from scop.dns.rrset import RRset
from scop.dns.words import Ede, Security

SERVER = Server("185.1.1.1")
FORWARDED = ResolverOptions(zones=(Zone("", (SERVER,), Way.FORWARD),), prime=False, minimise=False)
ROOT, EVIL, VICTIM = "198.41.0.4", "185.6.6.6", "185.1.1.1"
TTL = 300


def signed() -> SignedWorld:
    """Return a top level with a zone whose keys nobody vouches for and one below it, and with one that is well."""
    root, top, well = SignedZone(""), SignedZone("test"), SignedZone("well.test")
    broken = SignedZone("broken.test", {("www.broken.test", "A"): (A("192.0.2.1"),)})
    below = SignedZone("below.broken.test", {("www.below.broken.test", "A"): (A("192.0.2.2"),)})
    root.delegate(top)
    broken.delegate(below)
    top.delegate(broken)
    top.delegate(well)
    broken.key = SigningKey.generate()
    broken.content["broken.test", "DNSKEY"] = (broken.key.dnskey,)
    return SignedWorld(root, top, broken, below, well)


class Served:
    """A resolver that forwards all to a server that knows a signed world."""

    def __init__(self, of: SignedWorld, anchors: Anchors) -> None:
        self.world = NameWorld(JumpingClock(NOW))
        self.world.servers[SERVER.address] = self._said
        self._of = of
        self.resolver = Resolver(FORWARDED, Cache(), self.world.clock, Validator(anchors, self.world.clock))

    def _said(self, ask: Ask) -> Message:
        known = self._of.known(ask.question)
        answers, authority = (
            tuple(record for rrset in section for record in rrset.records(with_signatures=True))
            for section in (known.rrsets, known.authority)
        )
        return reply(ask.question, answers, authority, rcode=known.rcode)

    def security(self, name: str, type_: str = "A", *, checking_disabled: bool = False) -> tuple[Security, int]:
        """Return what is found, and how many queries it took."""
        before = len(self.world.asks)
        step = self.resolver.resolve(Question(name, type_), checking_disabled=checking_disabled)
        return self.world.run(step).security, len(self.world.asks) - before


def test_names_in_a_broken_zone_cost_nothing_for_a_moment() -> None:
    """RFC 9520 §3.4: a thousand names of a bogus zone are not a thousand looks at its keys."""
    of = signed()
    served = Served(of, Anchors(of.anchors()))
    assert served.security("www.broken.test")[0] is Security.BOGUS
    names = ("a.broken.test", "b.c.broken.test", "broken.test", "www.below.broken.test", "below.broken.test")
    assert {(Security.BOGUS, 0)} == {served.security(name) for name in names}
    assert (Security.BOGUS, 0) == served.security("below.broken.test", "DS")


def test_names_beside_a_broken_zone_are_as_they_are() -> None:
    """Its own DS stands in the zone above, and so do its neighbours."""
    of = signed()
    served = Served(of, Anchors(of.anchors()))
    served.security("www.broken.test")
    for name, type_ in (("broken.test", "DS"), ("well.test", "SOA"), ("none.test", "A"), ("test", "SOA")):
        assert served.security(name, type_)[0] is Security.SECURE


def test_broken_zone_that_is_repaired_is_well_soon() -> None:
    """RFC 9520 §3.2: for seconds only."""
    of = signed()
    served = Served(of, Anchors(of.anchors()))
    served.security("www.broken.test")
    key = of.zones["broken.test"].key
    assert key is not None
    del of.zones["test"].content["broken.test", "DS"]
    of.zones["test"].delegate(of.zones["broken.test"])
    served.world.clock.jump(BROKEN_SECONDS - 1)
    assert (Security.BOGUS, 0) == served.security("a.broken.test")
    served.world.clock.jump(1)
    assert served.security("a.broken.test")[0] is Security.SECURE


def test_broken_zone_stands_above_no_anchor() -> None:
    """RFC 4033 §3.1, RFC 7646: what has an anchor of its own, or shall have none, does not hang on zones above."""
    of = signed()
    anchors = Anchors({**of.anchors(), **of.anchors("below.broken.test")}, frozenset({"none.broken.test"}))
    served = Served(of, anchors)
    assert served.security("www.broken.test")[0] is Security.BOGUS
    assert served.security("www.below.broken.test")[0] is Security.SECURE
    assert served.security("a.none.broken.test")[0] is Security.INSECURE


def test_broken_zone_is_shown_to_who_checks_itself() -> None:
    """RFC 4035 §3.2.2: with CD comes what there is."""
    of = signed()
    served = Served(of, Anchors(of.anchors()))
    served.security("www.broken.test")
    step = served.resolver.resolve(Question("below.broken.test", "SOA"), checking_disabled=True)
    assert served.world.run(step).answers[0].type == "SOA"


def test_zone_whose_keys_cannot_be_had_is_asked_again() -> None:
    """A question that could not ask says nothing of the zone."""
    of = signed()
    validator = Validator(Anchors(of.anchors()), JumpingClock(NOW))
    of.silent.add(Question("well.test", "DNSKEY"))
    question = Question("well.test", "SOA")
    judged = NameWorld().run(validator.judge(question, of.known(question), of.find))
    validator.settle(judged)
    assert judged.security is Security.BOGUS
    assert validator.broken(question) is None


def world_of(evil: Behaviour) -> NameWorld:
    """Return a root with an attacker's zone, whose server is said to be the victim's, and with the victim's."""
    zone: dict[str, tuple[Rdata, ...]] = {
        "": (NS("a.root"),),
        "a.root": (A(ROOT),),
        "evil": (NS("ns.evil"),),
        "ns.evil": (A(EVIL),),
        "glueless": (NS("www.victim"),),
        "victim": (NS("ns.victim"),),
        "ns.victim": (A(VICTIM),),
    }
    world = NameWorld()
    world.servers = {ROOT: authority({"": zone}), EVIL: evil}
    world.servers[VICTIM] = authority({"victim": {"victim": (), "www.victim": (A("185.1.1.80"),)}})
    return world


def test_question_that_spends_all_leaves_no_failure_at_others() -> None:
    """RFC 9520 §3: neither an attacker's alias nor his server's name has a victim's name fail for others."""
    to_victim = (Record("www.evil", TTL, CNAME("www.victim")),)
    for name in ("www.evil", "www.glueless"):
        world = world_of(lambda ask: reply(ask.question, to_victim))
        options = ResolverOptions(roots=(Server(ROOT),), prime=False, minimise=False, max_queries=2)
        resolver = Resolver(options, Cache(), world.clock)
        spent = world.run(resolver.resolve(Question(name, "A")))
        assert spent.rcode is Rcode.SERVFAIL
        assert world.run(resolver.resolve(Question("www.victim", "A"))).rcode is Rcode.NOERROR


def test_question_that_has_too_much_checked_leaves_nothing_bogus_at_others() -> None:
    """CVE-2023-50387: nor must an attacker's alias, into which all checks went, have the victim's name bogus."""
    of = signed()
    evil = SignedZone("evil.test", {("*.evil.test", "CNAME"): (CNAME("www.well.test"),)})
    of.zones["well.test"].content["www.well.test", "A"] = (A("192.0.2.1"),)
    of.zones["test"].delegate(evil)
    of.zones["evil.test"] = evil
    served = Served(of, Anchors(of.anchors()))
    on_the_way = 7  # keys of three zones, the DS of two, the alias and its proof
    names = [f"n{number}.evil.test" for number in range(MAX_SIGNATURE_CHECKS - on_the_way)]
    more = tuple(evil.signed(RRset(name, "NSEC", TTL, (NSEC.of("z.evil.test", {"A"}),)), name) for name in names)

    def exhausting(known: Known) -> Known:
        return replace(known, authority=(*known.authority, *more))

    of.forged[Question("x.evil.test", "A")] = exhausting
    resolution = served.world.run(served.resolver.resolve(Question("x.evil.test", "A")))
    assert ("www.well.test", "A") in served.world.asked()
    assert (Rcode.SERVFAIL, Security.BOGUS) == (resolution.rcode, resolution.security)
    assert resolution.reason == Reason(f"more than {MAX_SIGNATURE_CHECKS} signatures to check", Ede.DNSSEC_BOGUS)
    assert served.security("x.evil.test")[0] is Security.SECURE  # with the keys that are known by now
    assert served.security("www.well.test")[0] is Security.SECURE
