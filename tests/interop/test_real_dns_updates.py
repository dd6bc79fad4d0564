"""UPDATE as BIND does it: the same messages to both servers end the same, and leave the same zone and serial."""

from __future__ import annotations

import asyncio
import base64
import random
import struct
import time
from dataclasses import dataclass
from pathlib import Path

import dns.name
import dns.query
import dns.rdatatype
import dns.tsig
import dns.xfr
import pytest
from bench.peers import bind

import dns.zone
from fakes.primary_program import key_line, new_key, running_primary
from scop.dns.asking import Server
from scop.dns.names import name_to_wire
from scop.dns.rdata import type_number
from scop.dns.tsig import sign_request
from scop.dns.words import Rcode
from scop.dns.zone.master_file import rdata_from_text
from scop.net.dialer import tcp_dialer
from scop.net.dns_exchange import exchange_stream

pytestmark = pytest.mark.interop

ZONE = "harbor.test"
TEXT = """\
$TTL 300
@ SOA ns1 hostmaster 1 3600 600 1209600 10
@ NS ns1
@ NS ns2
@ MX 10 ns1
ns1 A 127.0.0.1
ns2 A 127.0.0.2
a A 192.0.2.1
a A 192.0.2.2
a TXT "x"
b CNAME a
c.d TXT "deep"
e NS ns.e
ns.e A 192.0.2.9
f DNAME a
*.w TXT "wild"
"""
PORT = 5355
COUNT = 250
KEY = new_key("writer")
IN, CH, NONE, ANY = 1, 3, 254, 255
NAMES = ("@", "a", "b", "c.d", "d", "e", "ns.e", "f", "x.f", "new", "x.new")
# Only values that BIND takes everywhere: it refuses what breaks a zone in ways of which RFC 2136 does not speak.
VALUES = {
    "A": ("192.0.2.1", "192.0.2.2", "192.0.2.3"),
    "AAAA": ("2001:db8::1",),
    "TXT": ('"x"', '"y"'),
    "CNAME": ("a", "z"),
    "NS": ("ns1", "ns2"),
    "MX": ("10 ns1", "20 ns2"),
    "PTR": ("a",),
    "SRV": ("1 2 3 a",),
    "CAA": ('0 issue "x"',),
    "HINFO": ('"a" "b"',),
    "TYPE65280": ("\\# 2 abcd",),
    "SOA": ("ns1 hostmaster {serial} 3600 600 1209600 10",),
}


@dataclass
class Chance:
    """Draws messages; the serial of the zone is what SOA records are chosen around."""

    random: random.Random
    serial: int = 1

    def message(self) -> bytes:
        """Return an UPDATE: up to two prerequisites, up to five changes, here and there a wrong one."""
        before = [self.prerequisite() for _ in range(self.random.choice((0, 0, 1, 1, 2)))]
        changes = [self.change() for _ in range(self.random.choice((1, 1, 2, 3, 5)))]
        head = struct.pack("!6H", self.random.randrange(65536), 5 << 11, 1, len(before), len(changes), 0)
        return head + name_to_wire(ZONE) + struct.pack("!HH", 6, IN) + b"".join((*before, *changes))

    def prerequisite(self) -> bytes:
        owner, type_, is_odd = self.owner(), self.type(), self.random.random() < 0.06
        kind = self.random.randrange(5)
        if kind < 2:
            return record(owner, "ANY", (ANY, NONE)[kind], int(is_odd), b"")
        if kind < 4:
            return record(owner, type_, (ANY, NONE)[kind - 2], 0, self.value(type_) if is_odd else b"")
        return record(owner, type_, CH if is_odd else IN, 0, self.value(type_))

    def change(self) -> bytes:
        owner, type_, is_odd = self.owner(), self.type(), self.random.random() < 0.05
        kind = self.random.randrange(8)
        if kind < 4:
            return record(owner, type_, CH if is_odd else IN, self.random.choice((60, 300)), self.value(type_))
        if kind == 4:
            return record(owner, type_, ANY, int(is_odd), b"")
        if kind == 5:
            return record(owner, "ANY", ANY, 0, b"x" if is_odd else b"")
        if is_odd:
            meta = self.random.choice(("ANY", "AXFR", "MAILA", "MAILB", "IXFR", "OPT"))
            return record(owner, meta, self.random.choice((IN, NONE, ANY)), 0, self.random.choice((b"", b"x")))
        return record(owner, type_, NONE, 0, self.value(type_))

    def owner(self) -> str:
        name = self.random.choice(NAMES)
        if self.random.random() < 0.03:
            return "x.lagoon.test"
        return ZONE if name == "@" else f"{name}.{ZONE}"

    def type(self) -> str:
        return self.random.choice(tuple(VALUES))

    def value(self, type_: str) -> bytes:
        text = self.random.choice(VALUES[type_]).format(serial=self.serial + self.random.choice((-1, 0, 1, 5)))
        return rdata_from_text(type_, text, ZONE).to_wire()


def record(owner: str, type_: str, class_: int, ttl: int, rdata: bytes) -> bytes:
    """Return a record's octets."""
    return name_to_wire(owner) + struct.pack("!HHLH", type_number(type_), class_, ttl, len(rdata)) + rdata


def told(octets: bytes, server: Server) -> Rcode:
    """Send a signed message and return the code of its answer."""
    sent = sign_request(octets, KEY, int(time.time()))
    reply = asyncio.run(exchange_stream(tcp_dialer(server.address, server.port), sent.octets))
    return Rcode(reply[3] & 15)  # BIND signs no FORMERR


def content(server: Server) -> tuple[int, set[tuple[str, int, str]]]:
    """Return a server's serial and records, fetched whole."""
    zone = dns.zone.Zone(ZONE, relativize=False)
    query, _ = dns.xfr.make_query(zone, keyring=dns.tsig.Key(KEY.name, KEY.secret, KEY.algorithm.value))
    dns.query.inbound_xfr(server.address, zone, query, port=server.port, timeout=10)
    records = {(str(name).lower(), ttl, f"{dns.rdatatype.to_text(r.rdtype)} {r}".lower()) for name, ttl, r in
               zone.iterate_rdatas() if r.rdtype != dns.rdatatype.SOA}  # fmt: skip
    return zone.find_rdataset(dns.name.from_text(ZONE), "SOA")[0].serial, records


@pytest.mark.parametrize("seed", [1, 2])
def test_update_ends_as_at_bind(tmp_path: Path, seed: int) -> None:
    """Of 250 messages each is done by both or refused by both; what is left is the same, to the serial."""
    if not bind.is_there():
        pytest.fail("PEER MISSING: named, or not root; `make interop` as root installs it")
    for parent in (tmp_path, *tmp_path.parents[:3]):
        parent.chmod(0o755)
    (tmp_path / "keys").write_text(key_line(KEY))
    for folder in (tmp_path, tmp_path / "bind"):
        folder.mkdir(exist_ok=True)
        (folder / "zone").write_text(TEXT)
    secret = base64.b64encode(KEY.secret).decode()
    statements = f"""
key "{KEY.name}" {{ algorithm {KEY.algorithm}; secret "{secret}"; }};
zone "{ZONE}" {{
  type primary; file "zone"; notify no; allow-update {{ key {KEY.name}; }}; allow-transfer {{ key {KEY.name}; }};
}};
"""
    words = ("--zone", f"{ZONE}={tmp_path / 'zone'}", "--tsig-key", str(tmp_path / "keys"))
    rights = ("--allow-update", f"{KEY.name}:*:*", "--transfer-key", KEY.name, "--state", str(tmp_path / "state"))
    chance = Chance(random.Random(seed))
    theirs = Server("127.55.1.4", PORT)
    with (
        bind.running_bind(tmp_path / "bind", theirs.address, PORT, statements),
        running_primary(tmp_path, "127.55.1.1", *words, *rights) as program,
    ):
        ours = Server(program.address, program.port)
        for number in range(COUNT):
            octets = chance.message()
            codes = told(octets, ours), told(octets, theirs)
            # Which of two reasons to refuse is told may differ: BIND looks at the changes before the prerequisites.
            assert (codes[0] is Rcode.NOERROR) == (codes[1] is Rcode.NOERROR), (number, codes, octets)
            found, wanted = content(ours), content(theirs)
            assert found == wanted, (number, octets, found[1] ^ wanted[1])
            chance.serial = found[0]
    assert 50 < chance.serial
