"""Our authoritative answers beside those of BIND, Knot and NSD for the very same zone: unsigned, NSEC, NSEC3."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset
import pytest
from bench.peers import bind, knot, nsd
from bench.peers.bind import running_bind
from bench.peers.knot import running_knot
from bench.peers.nsd import running_nsd

from scop.dns.zone.answer import MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS, Zones
from scop.dns.zone.zone import Zone

pytestmark = pytest.mark.interop

PATH = "/usr/sbin:/usr/bin:/sbin:/bin"
ADDRESS, PORT = "127.53.2.1", 5354
KINDS = {"plain": None, "nsec": (), "nsec3": ("-3", "-", "-H", "0"), "opt-out": ("-3", "aabbccdd", "-H", "5", "-A")}
TYPES = ("A", "TXT", "NS", "DS", "CNAME", "DNAME", "SOA", "NSEC", "TYPE65280")
TEXT = """\
$ORIGIN ex.test.
$TTL 300
@ SOA ns1 host 1 3600 600 86400 60
@ NS ns1
@ NS ns2
@ MX 10 mail
ns1 A 192.0.2.1
ns2 AAAA 2001:db8::2
mail A 192.0.2.3
mail AAAA 2001:db8::3
www CNAME mail
c1 CNAME c2
c2 CNAME www
loop1 CNAME loop2
loop2 CNAME loop1
out CNAME www.elsewhere.test.
dead CNAME nothere
toward CNAME x.signed
*.wild TXT "wild"
*.wild MX 10 mail
exists.wild A 192.0.2.9
sub.ent.wild A 192.0.2.10
*.wc CNAME mail
*.wcdead CNAME nothere
a.b.c.ent A 192.0.2.12
*.x.entw TXT "below an empty name"
signed NS ns.signed
signed DS 12345 13 2 0000000000000000000000000000000000000000000000000000000000000001
ns.signed A 192.0.2.20
unsigned NS ns.unsigned
unsigned NS ns.signed
unsigned NS ns.outside.test.
ns.unsigned A 192.0.2.21
occluded.unsigned TXT "occluded"
*.undel A 192.0.2.30
below.undel NS ns.below.undel
ns.below.undel A 192.0.2.31
dn DNAME target.wild
dnout DNAME elsewhere.test.
_25._tcp.mail TLSA 3 1 1 0000000000000000000000000000000000000000000000000000000000000000
unknown TYPE65280 \\# 4 01020304
UPPER A 192.0.2.40
* AAAA 2001:db8::99
""" + "".join(f'big TXT "{n:03}{"x" * 100}"\n' for n in range(30))


class Said(NamedTuple):
    """What matters of a response: which records stand where does, in which order does not."""

    rcode: str
    flags: str
    answer: frozenset[tuple[str, str, str]]
    authority: frozenset[tuple[str, str, str]]


def _records(rrsets: list[dns.rrset.RRset]) -> frozenset[tuple[str, str, str]]:
    found = set()
    for rrset in rrsets:
        for rdata in rrset:
            text = dns.rdatatype.to_text(rdata.covers()) if rrset.rdtype == dns.rdatatype.RRSIG else rdata.to_text()
            found.add((str(rrset.name).lower(), dns.rdatatype.to_text(rrset.rdtype), text.lower()))
    return frozenset(found)


def said(response: dns.message.Message) -> Said:
    """Return a response without the favours that some do: the apex's NS beside an answer."""
    kept = [
        rrset
        for rrset in response.authority
        if not response.answer or str(rrset.name) != "ex.test." or dns.rdatatype.NS not in (rrset.rdtype, rrset.covers)
    ]
    flags = dns.flags.to_text(dns.flags.Flag(response.flags))
    return Said(dns.rcode.to_text(response.rcode()), flags, _records(response.answer), _records(kept))


def _signed(folder: Path, arguments: tuple[str, ...]) -> str:
    """Return the zone as BIND signs it."""

    def run(*command: str) -> str:
        environment = {"PATH": PATH}
        done = subprocess.run(command, check=True, cwd=folder, env=environment, capture_output=True, text=True)
        return done.stdout.strip()

    key = run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", "ex.test")
    (folder / "unsigned").write_text(TEXT + (folder / f"{key}.key").read_text())
    run("dnssec-signzone", "-q", "-z", "-o", "ex.test", "-f", "signed", "-O", "full", *arguments, "unsigned", key)
    return (folder / "signed").read_text()


class Served(NamedTuple):
    """One zone, here and there."""

    zones: Zones
    ports: dict[str, int]
    is_signed: bool


@pytest.fixture(scope="module", params=KINDS)
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve one kind of the zone by all."""
    missing = [peer.__name__ for peer in (bind, knot, nsd) if not peer.is_there()]
    if missing or os.geteuid() != 0 or shutil.which("dnssec-signzone", path=PATH) is None:
        pytest.fail(f"PEER MISSING: {missing or 'bind9-utils'}, run as root; `make interop` as root installs them")
    folder = tmp_path_factory.mktemp("answers")
    for parent in (folder, *folder.parents[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o755)
    arguments = KINDS[request.param]
    text = TEXT if arguments is None else _signed(folder, arguments)
    (folder / "zone").write_text(text)
    file = folder / "zone"
    with ExitStack() as servers:
        by_nsd = f"zone:\n  name: ex.test\n  zonefile: {file}\n"
        servers.enter_context(running_nsd(folder / "nsd", ADDRESS, PORT, by_nsd))
        by_knot = f"zone:\n  - domain: ex.test\n    file: {file}\n    semantic-checks: off\n    zonefile-sync: -1\n"
        servers.enter_context(running_knot(folder / "knot", ADDRESS, PORT + 1, by_knot))
        by_bind = f'zone "ex.test" {{ type primary; file "{file}"; check-names ignore; check-integrity no; }};'
        servers.enter_context(running_bind(folder / "bind", ADDRESS, PORT + 2, by_bind))
        ports = {"nsd": PORT, "knot": PORT + 1, "bind": PORT + 2}
        yield Served(Zones.of([Zone.parse(text, "ex.test")]), ports, arguments is not None)


def _names(served: Served) -> list[str]:
    """Return every name of the zone, names below and beside each, and names that are nobody's."""
    there = served.zones.by_origin["ex.test"].names
    names = {form.format(name) for name in there for form in ("{}", "x.{}", "*.{}")}
    return sorted(names | {"elsewhere.test", "test", "WwW.eX.test", ".".join(["l" * 50] * 4) + ".dn.ex.test"})


def test_real_servers_answer_as_we_do(served: Served) -> None:
    """For every question we say what at least two of the three others say: code, flags, answer and authority."""
    alone = []
    for name in _names(served):
        for type_ in TYPES:
            query = dns.message.make_query(name, type_, want_dnssec=served.is_signed, use_edns=0)
            octets = served.zones.answer(query.to_wire(), max_octets=MAX_STREAM_OCTETS)
            assert octets is not None
            ours = said(dns.message.from_wire(octets))
            theirs = {
                peer: said(dns.query.udp_with_fallback(query, ADDRESS, port=port, timeout=10)[0])
                for peer, port in served.ports.items()
            }
            if [*theirs.values()].count(ours) < 2:
                alone.append((name, type_, ours, theirs))
    assert [] == alone


# Not a referral with much glue: RFC 9471 §3.1 wants TC there, these others are of before it.
@pytest.mark.parametrize("name", ["big.ex.test", "mail.ex.test"])
@pytest.mark.parametrize("payload", [512, 1232])
def test_real_servers_truncate_as_we_do(served: Served, name: str, payload: int) -> None:
    """What does not fit a datagram sets TC here if and only if it does so at two others."""
    query = dns.message.make_query(name, "TXT", want_dnssec=served.is_signed, use_edns=0, payload=payload)
    octets = served.zones.answer(query.to_wire(), max_octets=MAX_DATAGRAM_OCTETS)
    assert octets is not None
    cut = [
        bool(dns.query.udp(query, ADDRESS, port=port, timeout=10).flags & dns.flags.TC)
        for port in served.ports.values()
    ]
    assert cut.count(bool(dns.message.from_wire(octets).flags & dns.flags.TC)) >= 2
