"""Chains of aliases, as who asked is shown them."""

from fakes.name_world import TTL, NameWorld, reply
from scop.dns import TXT, Question
from scop.dns.asking import Ask, Server
from scop.dns.message import Message, Record
from scop.dns.rdata import DNAME
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolver import Resolver

ROOT = "198.41.0.4"
OPTIONS = ResolverOptions(roots=(Server(ROOT),), prime=False, minimise=False)
END = TXT((b"end",))


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
