"""What the primary tells the public: from memory or anew, limited on datagrams, with manners on streams."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable
from dataclasses import replace

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.update
import pytest

from fakes.mesh import ClockAt, KeptLog
from scop.cells.primary.answers import PublicAnswers
from scop.cells.primary.holdings import Author, Holdings, Unsigned
from scop.cells.primary.name_server import NameServer, Rights
from scop.dns.rdata import A
from scop.dns.rrset import RRset
from scop.dns.zone.rates import RateOptions
from scop.dns.zone.zone import Zone
from scop.net.dns_server import DnsTransport
from scop.net.peer import Peer

NOW = 1_800_000_000
ZONE = Zone.parse("@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\nns 60 A 127.0.0.1\n", "p.test")
FAR, NEAR = Peer("192.0.2.1", 5353), Peer("127.0.0.1", 5353)
FOUR = RateOptions(per_second=4, all_per_second=100)
QUERY = dns.message.make_query("ns.p.test", "A", id=7)


class _NoHistory:
    """Keeps nothing."""

    def commit(self, zone: Zone, by: Author) -> None:
        """Forget it."""


class Answering:
    """The public answers of a server of one zone, and the clock that they go by."""

    def __init__(self, rates: RateOptions = FOUR) -> None:
        self.holdings = Holdings([ZONE], _NoHistory(), Unsigned(), ClockAt(NOW).unix)
        server = NameServer(self.holdings, Rights(), KeptLog().log("primary"), ClockAt(NOW))
        self.now = 0.0
        self.public = PublicAnswers(server, rates, lambda: self.now, 12.0)

    def stream(self, query: dns.message.Message, transport: DnsTransport = DnsTransport.STREAM) -> bytes:
        """Ask over a stream."""
        octets = self.public.answer(query.to_wire(), FAR, transport)
        assert isinstance(octets, bytes)
        return octets


def kind(octets: object) -> str:
    """Return what became of a query."""
    if not octets:
        return "nothing"
    assert isinstance(octets, bytes)
    return "empty" if dns.message.from_wire(octets).flags & dns.flags.TC else "answer"


def test_primary_limits_what_a_network_is_told() -> None:
    """Equal answers to far networks are limited, every second one beyond comes with TC; a second later all is well."""
    answering = Answering()
    kinds = Counter(kind(answering.public.quick(QUERY.to_wire(), FAR.address)) for _ in range(10))
    assert Counter({"answer": 4, "nothing": 3, "empty": 3}) == kinds
    answering.now = 10.0
    assert "answer" == kind(answering.public.quick(QUERY.to_wire(), FAR.address))


@pytest.mark.parametrize(("peer", "rates"), [(NEAR, RateOptions(per_second=1)), (FAR, RateOptions(per_second=0))])
def test_primary_limits_not_whom_it_need_not(peer: Peer, rates: RateOptions) -> None:
    """Loopback is not limited, nor is anybody where the limit is 0."""
    public = Answering(rates).public
    assert ["answer"] * 50 == [kind(public.quick(QUERY.to_wire(), peer.address)) for _ in range(50)]


def test_primary_limits_refusals_by_the_long_way_too() -> None:
    """What is no plain question is counted as well, so that no option leads around the limit."""
    public = Answering().public
    asked = dns.message.make_query("ns.p.test", "A", options=[dns.edns.GenericOption(dns.edns.OptionType.NSID, b"")])
    assert public.quick(asked.to_wire(), FAR.address) is None
    kinds = Counter(kind(public.answer(asked.to_wire(), FAR, DnsTransport.DATAGRAM)) for _ in range(10))
    assert Counter({"answer": 4, "nothing": 3, "empty": 3}) == kinds


def test_primary_limits_updates_of_strangers() -> None:
    """What a stranger sends to be changed is refused at once, and counted as every refusal."""
    public = Answering().public
    asked = dns.update.Update("p.test")
    asked.add("a", 60, "A", "127.0.0.1")
    kinds = Counter(kind(public.answer(asked.to_wire(), FAR, DnsTransport.DATAGRAM)) for _ in range(10))
    assert Counter({"answer": 4, "nothing": 3, "empty": 3}) == kinds


def test_primary_limits_no_streams() -> None:
    """A stream's address is not forged, so it is told all (RFC 7766 §5)."""
    answering = Answering()
    assert 50 == sum(kind(answering.stream(QUERY)) == "answer" for _ in range(50))


async def test_primary_answers_from_what_is_shown_now() -> None:
    """A change is answered from at once, whatever was remembered."""
    answering = Answering()
    assert "127.0.0.1" in dns.message.from_wire(answering.stream(QUERY)).answer[0].to_text()

    def edit(zone: Zone) -> Zone:
        return zone.changed(
            [
                RRset("p.test", "SOA", 60, (replace(zone.soa_rdata, serial=2),)),
                RRset("ns.p.test", "A", 60, (A("127.0.0.9"),)),
            ]
        )

    await answering.holdings.change("p.test", edit, Author("test", "to see it"))
    assert "127.0.0.9" in dns.message.from_wire(answering.stream(QUERY)).answer[0].to_text()
    octets = answering.public.quick(QUERY.to_wire(), NEAR.address)
    assert octets is not None
    assert "127.0.0.9" in dns.message.from_wire(octets).answer[0].to_text()


def test_primary_says_how_long_a_stream_is_kept() -> None:
    """Who speaks keepalive on a stream hears the time, in units of 100 ms; nobody else does (RFC 7828 §3.2)."""
    option = dns.edns.GenericOption(dns.edns.OptionType.make(11), b"")
    asked = dns.message.make_query("ns.p.test", "A", options=[option])
    answering = Answering()
    said = dns.message.from_wire(answering.stream(asked)).options
    assert [(120).to_bytes(2, "big")] == [found.to_generic().data for found in said]
    assert () == tuple(dns.message.from_wire(answering.stream(QUERY)).options)
    datagram = answering.public.quick(asked.to_wire(), NEAR.address)
    assert datagram is not None
    assert () == tuple(dns.message.from_wire(datagram).options)


@pytest.mark.parametrize(("transport", "is_padded"), [(DnsTransport.TLS, True), (DnsTransport.STREAM, False)])
def test_primary_pads_under_tls(transport: DnsTransport, is_padded: bool) -> None:
    """Who pads under TLS is padded to blocks of 468 octets (RFC 8467 §4.1); in the clear there is nothing to hide."""
    padding = dns.edns.GenericOption(dns.edns.OptionType.make(12), b"\0" * 5)
    asked = dns.message.make_query("ns.p.test", "A", options=[padding])
    octets = Answering().stream(asked, transport)
    assert is_padded == (len(octets) == 468)


async def test_primary_tells_what_is_no_question_to_who_knows() -> None:
    """UPDATE and the like go to the name server, which refuses a stranger's."""
    found = Answering().public.answer(dns.update.UpdateMessage("p.test").to_wire(), FAR, DnsTransport.STREAM)
    octets = await found if isinstance(found, Awaitable) else found
    assert isinstance(octets, bytes)
    assert dns.rcode.REFUSED == dns.message.from_wire(octets).rcode()
