"""Questions for all records of a name."""

from fakes.jumping_clock import JumpingClock
from fakes.name_world import NameWorld, Zone, authority
from fakes.signed_world import NOW, SignedWorld, SignedZone
from scop.dns import MX, NS, A, Question
from scop.dns.asking import Server
from scop.dns.dnssec.absence import denies_type
from scop.dns.dnssec.trust import Anchors
from scop.dns.dnssec.validation import Validator
from scop.dns.known import Known
from scop.dns.rdata import CNAME, DNAME
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolver import Resolver
from scop.dns.resolver.special import special_answer
from scop.dns.words import Rcode, Security

ROOT = "198.41.0.4"
OPTIONS = ResolverOptions(roots=(Server(ROOT),), prime=False)
ZONE: Zone = {
    "": (NS("a.root"),),
    "mail": (A("185.1.1.1"), MX(10, "mail")),
    "alias": (CNAME("mail"),),
    "moved": (DNAME("mail"), A("185.1.1.2")),
}


def answers(name: str, *more: Question) -> tuple[list[str], NameWorld]:
    """Return the types of all records of a name, and the world after further questions."""
    world = NameWorld()
    world.servers = {ROOT: authority({"": ZONE})}
    resolver = Resolver(OPTIONS, Cache(), world.clock)
    resolution = world.run(resolver.resolve(Question(name, "ANY")))
    for question in more:
        world.run(resolver.resolve(question))
    return [rrset.type for rrset in resolution.answers], world


def test_resolver_asks_for_all_records_and_says_what_came() -> None:
    """RFC 1035 §3.2.3; an alias is one of them and is not followed (RFC 1034 §4.3.2)."""
    assert answers("mail")[0] == ["A", "MX"]
    assert answers("alias")[0] == ["CNAME"]
    assert answers("moved")[0] == ["DNAME", "A"]
    assert answers("nobody")[0] == []


def test_resolver_remembers_all_records_for_that_question_alone() -> None:
    """RFC 8482 §4.1: what came may be some of them, so nobody else is told that a type is or is not there."""
    _, world = answers("mail", Question("mail", "ANY"), Question("mail", "A"), Question("mail", "TXT"))
    assert world.asked() == [("mail", "ANY"), ("mail", "A"), ("mail", "TXT")]


def test_resolver_says_all_records_though_an_alias_is_remembered() -> None:
    """An alias that is known is not all that a server has to say."""
    world = NameWorld()
    world.servers = {ROOT: authority({"": ZONE})}
    resolver = Resolver(OPTIONS, Cache(), world.clock)
    world.run(resolver.resolve(Question("alias", "A")))
    world.run(resolver.resolve(Question("alias", "ANY")))
    assert ("alias", "ANY") in world.asked()


def test_no_denial_takes_all_records_from_a_name_that_has_one() -> None:
    """RFC 4034 §4.1.2: no bitmap bears type 255, so each would deny it."""
    assert not denies_type(frozenset({"A", "NSEC", "RRSIG"}), "ANY", "www.test")
    assert denies_type(frozenset({"NSEC", "RRSIG"}), "ANY", "www.test")


def judged(known: Known, zone: SignedZone) -> Security:
    """Return what a validator says of all records of www.test."""
    world = SignedWorld(zone)
    step = Validator(Anchors(world.anchors("test")), JumpingClock(NOW)).judge(
        Question("www.test", "ANY"), known, world.find
    )
    try:
        while True:
            next(step)
    except StopIteration as stop:
        found = stop.value
        assert isinstance(found, Known)
        return found.security


def test_all_records_are_as_sure_as_the_least_sure_of_them() -> None:
    """RFC 4035 §5.3: each RRset has its own signature."""
    zone = SignedZone("test", {("www.test", "A"): (A("192.0.2.1"),), ("www.test", "MX"): (MX(1, "www.test"),)})
    good = tuple(zone.rrset("www.test", type_) for type_ in ("A", "MX"))
    assert judged(Known(Rcode.NOERROR, good, (), "test"), zone) is Security.SECURE
    other = SignedZone("test", {("www.test", "MX"): (MX(1, "evil.test"),)}, key=None)
    forged = (good[0], other.rrset("www.test", "MX"))
    assert judged(Known(Rcode.NOERROR, forged, (), "test"), zone) is Security.BOGUS


def test_special_names_have_one_record_that_stands_for_all() -> None:
    """RFC 8482 §4.1: one RRset is as good an answer as any."""
    expected = {"localhost": "A", "1.0.0.127.in-addr.arpa": "PTR", "test": "SOA"}
    for name, type_ in expected.items():
        known = special_answer(Question(name, "ANY"))
        assert known is not None
        assert [rrset.type for rrset in known.rrsets] == [type_]
