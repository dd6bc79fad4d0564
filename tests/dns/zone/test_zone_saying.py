"""What goes with an answer: reasons, flags, options, and who answers."""

from __future__ import annotations

from dataclasses import replace

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from scop.dns.words import Ede
from scop.dns.zone.answer import MAX_STREAM_OCTETS, Zones
from scop.dns.zone.identity import Identity
from scop.dns.zone.zone import Zone

ZONE = Zone.parse("@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns\n@ 60 MX 5 web\nweb 60 A 127.0.10.2\n", "lagoon.test")
ZONES = Zones.of([ZONE])


def said(query: dns.message.Message) -> bytes:
    """Return the response's octets to a query."""
    octets = ZONES.answer(query.to_wire(), max_octets=MAX_STREAM_OCTETS)
    assert octets is not None
    return octets


@pytest.mark.parametrize(
    ("name", "type_", "class_", "code"),
    [
        ("elsewhere.test", "A", "IN", 20),
        ("lagoon.test", "AXFR", "IN", 18),
        ("lagoon.test", "MAILB", "IN", 30),
        ("version.bind", "TXT", "CH", 21),
    ],
)
def test_zone_says_why_not(name: str, type_: str, class_: str, code: int) -> None:
    """A refusal bears its reason where the asker speaks EDNS (RFC 8914 §4)."""
    response = dns.message.from_wire(said(dns.message.make_query(name, type_, class_, use_edns=True)))
    assert [code] == [option.code for option in response.options if isinstance(option, dns.edns.EDEOption)]


def test_zone_withheld_is_servfail() -> None:
    """A zone that we should have and cannot answer from is SERVFAIL with the reason, names below it too."""
    query = dns.message.make_query("web.lagoon.test", "A", use_edns=True)
    zones = ZONES.withheld("lagoon.test", Ede.INVALID_DATA)
    octets = zones.answer(query.to_wire(), max_octets=MAX_STREAM_OCTETS)
    assert octets is not None
    response = dns.message.from_wire(octets)
    assert (dns.rcode.SERVFAIL, 24) == (response.rcode(), response.options[0].to_generic().data[1])
    again = zones.replaced(ZONE)
    assert ZONES.answer(query.to_wire(), max_octets=512) == again.answer(query.to_wire(), max_octets=512)


def test_zone_identity_is_told_when_there_is_one() -> None:
    """Which server answers is told to who asks by NSID or CH, and only if it has a name (RFC 5001, RFC 4892)."""
    named = replace(ZONES, identity=Identity(server_id="ns1", version="SCoP"))
    for name, text in (("id.server", "ns1"), ("HostName.Bind", "ns1"), ("version.bind", "SCoP")):
        octets = named.answer(dns.message.make_query(name, "TXT", "CH").to_wire(), max_octets=512)
        assert octets is not None
        assert f'{name}. 0 CH TXT "{text}"' == dns.message.from_wire(octets).answer[0].to_text()
    asked = dns.message.make_query("lagoon.test", "MX", options=[dns.edns.GenericOption(dns.edns.OptionType.NSID, b"")])
    for zones, expected in ((named, [b"ns1"]), (ZONES, [])):
        octets = zones.answer(asked.to_wire(), max_octets=512)
        assert octets is not None
        assert expected == [option.to_generic().data for option in dns.message.from_wire(octets).options]


@pytest.mark.parametrize("option", [3, 8, 9, 10, 11, 12, 15, 65001])
def test_zone_passes_over_options(option: int) -> None:
    """An option that is not for us changes no answer (RFC 6891 §6.1.2)."""
    generic = dns.edns.GenericOption(dns.edns.OptionType.make(option), b"12345678")
    asked = dns.message.make_query("lagoon.test", "MX", options=[generic])
    response = dns.message.from_wire(said(asked))
    assert (dns.rcode.NOERROR, 1, ()) == (response.rcode(), len(response.answer), tuple(response.options))


@pytest.mark.parametrize(("flags", "kept"), [("RD", "RD"), ("AD", ""), ("CD", ""), ("RA", ""), ("TC", ""), ("AA", "")])
def test_zone_repeats_rd_only(flags: str, kept: str) -> None:
    """Of the asker's flags only RD comes back (RFC 1035 §4.1.1, RFC 4035 §3.1.6)."""
    query = dns.message.make_query("lagoon.test", "MX", flags=dns.flags.from_text(flags))
    response = dns.message.from_wire(said(query))
    assert dns.flags.from_text(f"QR AA {kept}") == response.flags
