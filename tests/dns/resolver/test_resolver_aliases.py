"""Chains of aliases, as who asked is shown them."""

from functools import partial

from fakes.name_world import TTL, NameWorld, reply
from scop.dns import CNAME, TXT, Question, Rcode
from scop.dns.asking import Ask, Server
from scop.dns.message import Message, Record
from scop.dns.rdata import DNAME
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolver import Resolver

ROOT = "198.41.0.4"
OPTIONS = ResolverOptions(roots=(Server(ROOT),), prime=False, minimise=False)
END = TXT((b"end",))


def _said(chain: tuple[Record, ...], alone: Message | None, ask: Ask) -> Message | None:
    return reply(ask.question, chain) if ask.question.name == "www" else alone


def test_resolver_says_a_dname_once_that_makes_several_links() -> None:
    """RFC 2181 §5: an RRset stands once in a section."""
    world = NameWorld()

    def said(ask: Ask) -> Message:
        is_moved = ask.question.name.endswith("x")
        return reply(ask.question, (Record("x", TTL, DNAME("")) if is_moved else Record("short", TTL, END),))

    world.servers = {ROOT: said}
    resolution = world.run(Resolver(OPTIONS, Cache(), world.clock).resolve(Question("short.x.x", "TXT")))
    assert [(rrset.owner, rrset.type) for rrset in resolution.answers] == [
        ("x", "DNAME"),
        ("short.x.x", "CNAME"),
        ("short.x", "CNAME"),
        ("short", "TXT"),
    ]


def test_resolver_takes_the_end_of_a_chain_from_a_server_that_has_no_word_for_it_alone() -> None:
    """Such a server says nothing of the name, or nothing at all; what it said beside the alias is in its zone."""
    chain = (Record("www", TTL, CNAME("host")), Record("host", TTL, END))
    for alone in (reply(Question("host", "TXT")), None):
        world = NameWorld()
        world.servers = {ROOT: partial(_said, chain, alone)}
        resolution = world.run(Resolver(OPTIONS, Cache(), world.clock).resolve(Question("www", "TXT")))
        assert (resolution.rcode, resolution.answers[-1].rdatas) == (Rcode.NOERROR, (END,))
