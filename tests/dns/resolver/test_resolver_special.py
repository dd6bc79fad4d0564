"""Special-use names, private addresses, minimised names, translated addresses: small laws of the resolver."""

import ipaddress
import itertools
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.name_world import NameWorld, reply
from scop.dns import AAAA, PTR, A, Opaque, Question, Rcode
from scop.dns.asking import Ask, Server
from scop.dns.message import Message, Record
from scop.dns.rdata import Rdata
from scop.dns.resolver.addresses import is_public
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.limits import MAX_MINIMISED_STEPS
from scop.dns.resolver.minimising import Minimiser
from scop.dns.resolver.nat64 import translated
from scop.dns.resolver.options import ResolverOptions, Zone
from scop.dns.resolver.resolution import Resolution
from scop.dns.resolver.resolver import Resolver
from scop.dns.resolver.special import SpecialNames, special_answer
from scop.dns.words import Security

ROOT = Server("198.41.0.4")
PRIVATE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "fd00::/8")))


def _saying(records: tuple[Record, ...], ask: Ask) -> Message:
    return reply(ask.question, records)


def resolved(world: NameWorld, question: Question, options: ResolverOptions) -> Resolution:
    """Return what a new resolver finds."""
    return world.run(Resolver(options, Cache(), world.clock).resolve(question))


@pytest.mark.parametrize(
    ("name", "type_", "rcode", "rdatas"),
    [
        ("localhost", "A", Rcode.NOERROR, (A("127.0.0.1"),)),
        ("a.localhost", "AAAA", Rcode.NOERROR, (AAAA("::1"),)),
        ("localhost", "MX", Rcode.NOERROR, ()),
        ("www.test", "A", Rcode.NXDOMAIN, ()),
        ("test", "A", Rcode.NOERROR, ()),
        ("x.onion", "A", Rcode.NXDOMAIN, ()),
        ("printer.local", "A", Rcode.NXDOMAIN, ()),
        ("host.invalid", "A", Rcode.NXDOMAIN, ()),
        ("router.home.arpa", "A", Rcode.NXDOMAIN, ()),
        ("_dns.resolver.arpa", "SVCB", Rcode.NXDOMAIN, ()),
        ("1.0.0.127.in-addr.arpa", "PTR", Rcode.NOERROR, (PTR("localhost"),)),
        ("1.2.3.10.in-addr.arpa", "PTR", Rcode.NXDOMAIN, ()),
        ("1.1.31.172.in-addr.arpa", "PTR", Rcode.NXDOMAIN, ()),
        ("1.1.127.100.in-addr.arpa", "PTR", Rcode.NXDOMAIN, ()),
        ("1" + ".0" * 31 + ".ip6.arpa", "PTR", Rcode.NOERROR, (PTR("localhost"),)),
        ("1.0.0.0.d.f.ip6.arpa", "PTR", Rcode.NXDOMAIN, ()),
    ],
)
def test_special_names_are_answered_here(name: str, type_: str, rcode: Rcode, rdatas: tuple[Rdata, ...]) -> None:
    """RFC 6761 §6, RFC 6303 §3: at once, as the authority, and insecure; an absence with its SOA."""
    world = NameWorld()
    resolution = resolved(world, Question(name, type_), ResolverOptions(roots=(ROOT,)))
    found = tuple(rdata for rrset in resolution.answers for rdata in rrset.rdatas)
    assert (rcode, rdatas, [], True) == (resolution.rcode, found, world.asks, resolution.is_local)
    assert Security.INSECURE is resolution.security
    assert bool(rdatas) is not bool(resolution.authority)


@pytest.mark.parametrize(
    ("name", "type_"),
    [("example.org", "A"), ("attest", "A"), ("32.172.in-addr.arpa", "PTR"), ("128.100.in-addr.arpa", "PTR"),
     ("test", "DS"), ("10.in-addr.arpa", "DS"), ("ipv4only.arpa", "A"), ("www.example", "A")],
)  # fmt: skip
def test_other_names_are_asked_for(name: str, type_: str) -> None:
    """And so is the DS of a special-use name: its parent proves that there is none (RFC 6303 §3)."""
    assert special_answer(Question(name, type_)) is None


@pytest.mark.parametrize(
    "options",
    [
        ResolverOptions(has_own_root=True),
        ResolverOptions(answer_special_names=False),
        ResolverOptions(zones=(Zone("test", (ROOT,)),)),
        ResolverOptions(zones=(Zone("", (ROOT,)),)),
        ResolverOptions(ordinary_names=frozenset({"test"})),
    ],
)
def test_special_names_give_way_to_what_is_configured(options: ResolverOptions) -> None:
    """A root of one's own, a stub or forward zone, and who wants it so."""
    assert SpecialNames(options).answer(Question("www.test", "A")) is None


@pytest.mark.parametrize(
    ("rdatas", "kept"),
    [
        ((A("185.1.1.1"),), True),
        ((A("10.1.1.1"),), False),
        ((AAAA("fd00::1"),), False),
        ((AAAA("::ffff:10.1.1.1"),), False),
        ((AAAA("64:ff9b::10.1.1.1"),), False),
        ((AAAA("2002:a01:101::1"),), False),
        ((AAAA("2a00::10.1.1.1"),), True),
        ((Opaque("HTTPS", b"\0\1\0" + b"\0\4\0\4\x0a\1\1\1"),), False),
        ((Opaque("HTTPS", b"\0\1\0" + b"\0\6\0\x10\xfd" + b"\0" * 15),), False),
        ((Opaque("HTTPS", b"\0\1\0" + b"\0\1\0\3\2h2\0\4\0\4\xb9\1\1\1"),), True),
        ((Opaque("SVCB", b"\0"),), True),
    ],
)
def test_private_addresses_are_kept_out_of_answers(rdatas: tuple[Rdata, ...], kept: bool) -> None:
    """Against DNS rebinding; a domain that may name them does."""
    for domains, is_kept in ((frozenset[str](), kept), (frozenset({"org"}), True)):
        world = NameWorld()
        records = tuple(Record("host.org", 300, rdata) for rdata in rdatas)
        world.servers[ROOT.address] = partial(_saying, records)
        options = ResolverOptions(
            roots=(ROOT,), prime=False, minimise=False, private_networks=PRIVATE, private_domains=domains
        )
        resolution = resolved(world, Question("host.org", rdatas[0].type), options)
        assert (Rcode.NOERROR, is_kept) == (resolution.rcode, bool(resolution.answers))


def test_private_addresses_leave_the_public_ones_of_the_same_name() -> None:
    """Only what is private goes."""
    world = NameWorld()
    records = (Record("host.org", 300, A("10.1.1.1")), Record("host.org", 300, A("185.1.1.1")))
    world.servers[ROOT.address] = lambda ask: reply(ask.question, records)
    options = ResolverOptions(roots=(ROOT,), prime=False, minimise=False, private_networks=PRIVATE)
    assert (A("185.1.1.1"),) == resolved(world, Question("host.org", "A"), options).answers[0].rdatas


@pytest.mark.parametrize(
    ("prefix", "address"),
    [
        ("2001:db8::/32", "2001:db8:c000:221::"),
        ("2001:db8:100::/40", "2001:db8:1c0:2:21::"),
        ("2001:db8:122::/48", "2001:db8:122:c000:2:2100::"),
        ("2001:db8:122:300::/56", "2001:db8:122:3c0:0:221::"),
        ("2001:db8:122:344::/64", "2001:db8:122:344:c0:2:2100:0"),
        ("2001:db8:122:344::/96", "2001:db8:122:344::192.0.2.33"),
        ("64:ff9b::/96", "64:ff9b::192.0.2.33"),
    ],
)
def test_translated_addresses_are_those_of_the_standard(prefix: str, address: str) -> None:
    """RFC 6052 §2.4, its own table."""
    found = translated(Server("192.0.2.33", 5300), ipaddress.IPv6Network(prefix))
    assert Server(str(ipaddress.IPv6Address(address)), 5300) == found


def test_translation_leaves_ipv6_alone_and_wants_a_known_length() -> None:
    """RFC 6052 §2.2: six lengths, no others."""
    assert Server("2001:db8::1") == translated(Server("2001:db8::1"), ipaddress.IPv6Network("64:ff9b::/96"))
    with pytest.raises(ValueError, match="97 bits"):
        ResolverOptions(nat64_prefix=ipaddress.IPv6Network("64:ff9b::/97"))


@pytest.mark.parametrize(
    ("address", "public"),
    [("185.1.1.1", True), ("2a00::1", True), ("64:ff9b::b901:101", True), ("2002:b901:101::1", True)]
    + [(address, False) for address in ("10.0.0.1", "127.0.0.1", "0.0.0.0", "100.64.0.1", "169.254.1.1", "224.0.0.1")]
    + [(address, False) for address in ("::1", "fd00::1", "fe80::1", "fec0::1", "ff02::1", "::ffff:10.0.0.1")]
    + [(address, False) for address in ("::10.0.0.1", "64:ff9b::a00:1", "2002:a00:1::1", "2001:db8::1")],
)
def test_public_addresses_are_those_that_lead_to_the_internet(address: str, public: bool) -> None:
    """RFC 6890; an IPv4 address that is embedded counts as itself."""
    assert public is is_public(ipaddress.ip_address(address))


def test_configured_zones_have_servers() -> None:
    """A zone that nobody serves would fail every question."""
    with pytest.raises(ValueError, match="no servers"):
        Zone("example.org", ())


@given(st.lists(st.from_regex(r"[a-z]{1,3}", fullmatch=True), min_size=1, max_size=60), st.integers(0, 5))
def test_minimiser_shows_ever_more_of_the_name_and_ends(labels: list[str], depth: int) -> None:
    """RFC 9156 §2.3: each part is below the zone and longer than the last; the whole name comes within the bound."""
    question = Question(".".join(labels), "MX")
    zone = ".".join(labels[-depth:]) if depth and depth < len(labels) else ""
    minimiser, parts = Minimiser(question), list[Question]()
    while (part := minimiser.next(zone)) != question:
        parts.append(part)
        minimiser.is_no_cut(part)
        assert len(parts) <= MAX_MINIMISED_STEPS
    names = [zone, *(part.name for part in parts), question.name]
    assert all(len(shorter) < len(longer) for shorter, longer in itertools.pairwise(names) if names[-1] != zone)
    assert all(question.name.endswith(part.name) and part.type == "A" for part in parts)


def test_minimiser_gives_up_for_good() -> None:
    """Once a part was refused, the whole name is asked for."""
    minimiser = Minimiser(Question("a.b.c.d", "A"))
    assert Question("d", "A") == minimiser.next("")
    minimiser.give_up()
    assert Question("a.b.c.d", "A") == minimiser.next("d")
