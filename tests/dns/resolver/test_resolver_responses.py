"""What a server's response is worth, and what of it is not believed."""

from __future__ import annotations

import pytest

from scop.dns import CNAME, NS, SOA, A, Question, Rcode, Rdata
from scop.dns.message import Flag, Message, Record
from scop.dns.resolver.asking import Server
from scop.dns.resolver.memory import Delegation, Known
from scop.dns.resolver.old_responses import Learned, Referral, read_response

ASKED = Question("www.evil.test", "A")


def record(name: str, rdata: Rdata, ttl: int = 60) -> Record:
    """Return a record."""
    return Record(name, ttl, rdata)


def response(
    answers: tuple[Record, ...] = (),
    authority: tuple[Record, ...] = (),
    additional: tuple[Record, ...] = (),
    *,
    flags: int = Flag.AUTHORITATIVE,
    rcode: Rcode = Rcode.NOERROR,
) -> Message:
    """Return a response to the question."""
    return Message(
        1,
        flags | Flag.RESPONSE,
        rcode=rcode,
        question=ASKED,
        answers=answers,
        authority=authority,
        additional=additional,
    )


def read(message: Message, zone: str = "evil.test") -> Learned | Referral | None:
    """Read it as from a server of `zone`."""
    return read_response(message, zone, ASKED, 53)


START = record("evil.test", SOA("ns.evil.test", "h.evil.test", 1, 2, 3, 4, 5))
HOST = record("www.evil.test", A("192.0.2.1"))
BANK = record("www.bank.test", A("192.0.2.66"))
NOTHING = ((ASKED, Known(Rcode.NOERROR)),)


def test_resolver_believes_only_the_bailiwick_of_who_spoke() -> None:
    """An alias out of the zone is followed by asking there, never by what stands beside it."""
    alias = record("www.evil.test", CNAME("www.bank.test"))
    learned = ((Question("www.evil.test", "CNAME"), Known(Rcode.NOERROR, (alias,))),)
    assert learned == read(response((alias, BANK)))
    assert NOTHING == read(response((BANK,)))
    assert ((ASKED, Known(Rcode.NOERROR, (HOST,))),) == read(response((HOST, BANK), additional=(BANK,)))


def test_resolver_learns_each_name_of_a_chain() -> None:
    """Aliases and their end each stand under their own name."""
    alias = record("www.evil.test", CNAME("web.evil.test"))
    host = record("web.evil.test", A("192.0.2.1"))
    learned = (
        (Question("www.evil.test", "CNAME"), Known(Rcode.NOERROR, (alias,))),
        (Question("web.evil.test", "A"), Known(Rcode.NOERROR, (host,))),
    )
    assert learned == read(response((host, alias)))


@pytest.mark.parametrize("rcode", [Rcode.SERVFAIL, Rcode.REFUSED, Rcode.FORMERR, Rcode.NOTIMP])
def test_resolver_has_no_use_for_a_refusal(rcode: Rcode) -> None:
    """Another server may know."""
    assert read(response((HOST,), rcode=rcode)) is None


def test_resolver_has_no_use_for_what_is_not_authoritative() -> None:
    """A lame server, or one that asks others itself."""
    assert read(response((HOST,), flags=0)) is None
    assert read(response(authority=(START,), flags=0)) is None
    assert read(response(rcode=Rcode.NXDOMAIN, flags=0)) is None


@pytest.mark.parametrize("rcode", [Rcode.NOERROR, Rcode.NXDOMAIN])
def test_resolver_keeps_an_absence_with_the_soa_of_its_zone(rcode: Rcode) -> None:
    """RFC 2308 §2: an SOA of elsewhere vouches for nothing."""
    other = record("bank.test", SOA("ns.bank.test", "h.bank.test", 1, 2, 3, 4, 5))
    assert ((ASKED, Known(rcode, (), (START,))),) == read(response(authority=(other, START), rcode=rcode))
    assert ((ASKED, Known(rcode)),) == read(response(authority=(other,), rcode=rcode))


def test_resolver_takes_a_referral_with_the_glue_of_its_servers() -> None:
    """Glue counts for the servers named and below the zone that speaks; the others are looked up."""
    servers = tuple(record("evil.test", NS(name), 70) for name in ("ns.evil.test", "ns.bank.org", "ns2.evil.test"))
    glue = (record("ns.evil.test", A("192.0.2.5")), record("ns.bank.org", A("192.0.2.6")), BANK)
    place = Server("192.0.2.5", 53)
    expected = Referral(Delegation("evil.test", (place,), ("ns.bank.org",)), 70)
    assert expected == read(response(authority=servers, additional=glue, flags=0), "test")
    from_root = Referral(Delegation("evil.test", (place, Server("192.0.2.6", 53))), 70)
    assert from_root == read(response(authority=servers, additional=glue, flags=0), "")


@pytest.mark.parametrize("child", ["test", "evil.test", "bank.test", "www.evil.test.other", ""])
def test_resolver_is_referred_only_further_down_towards_the_name(child: str) -> None:
    """Upwards, sideways or in place would lead in circles."""
    assert read(response(authority=(record(child, NS("ns.bank.test")),), flags=0)) is None


def test_resolver_bounds_the_servers_of_a_referral() -> None:
    """Thirteen are kept, as the root has."""
    servers = tuple(record("evil.test", NS(f"ns{number}.other.org")) for number in range(40))
    found = read(response(authority=servers, flags=0), "test")
    assert isinstance(found, Referral)
    assert 13 == len(found.delegation.names)
