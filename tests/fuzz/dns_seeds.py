"""Messages that the fuzzer of DNS begins from: queries of every kind, and what good and bad servers say."""

from __future__ import annotations

from collections.abc import Iterator

from scop.dns import AAAA, CNAME, MX, NS, SOA, TLSA, TXT, A, Opcode, Question, Rcode
from scop.dns.edns import Cookie, Edns, ExtendedError, OptionCode
from scop.dns.message import Flag, Message, Record, build_message, build_query
from scop.dns.rdata import DNAME, DS, NSEC, NSEC3, RRSIG, Rdata
from scop.dns.tsig import sign_request
from scop.dns.tsig_keys import TsigKey

__all__ = ["dns_seeds"]

NAME, ZONE = "www.a.test", "a.test"
TYPES = ("A", "AAAA", "MX", "TXT", "ANY", "AXFR", "IXFR", "SOA", "NS", "DNSKEY", "TYPE65535")
NAMES = (NAME, ZONE, "x.y.wild.a.test", "alias.a.test", "b.dname.a.test", "ns.sub.a.test", "else.where", "")
TTL = 300
KEY = TsigKey("k", bytes(32))


def _records(name: str, *rdatas: Rdata) -> tuple[Record, ...]:
    return tuple(Record(name, TTL, rdata) for rdata in rdatas)


def _signature(covered: str) -> RRSIG:
    return RRSIG(covered, 13, 3, TTL, 1_900_000_000, 1_700_000_000, 4711, ZONE, bytes(64))


START = SOA("ns.a.test", "mail.a.test", 1, 7200, 3600, 1_209_600, 300)
PROOF = NSEC.of("zzz.a.test", ("A", "RRSIG", "NSEC"))
HASHED = NSEC3(1, 0, 0, b"", bytes(20), b"\0\1\x40")
EDNS = Edns(dnssec_ok=True, options=(Cookie(b"8 octets", b"and theirs").to_option(), ExtendedError(6, "x").to_option()))
ANSWER = Message(1, Flag.RESPONSE | Flag.AUTHORITATIVE, question=Question(NAME, "A"), edns=EDNS)
SAID = (
    ANSWER._replace(answers=_records(NAME, A("192.0.2.1"), AAAA("2001:db8::1"), _signature("A"))),
    ANSWER._replace(answers=_records(NAME, CNAME("www.b.test")) + _records("www.b.test", A("192.0.2.2"))),
    ANSWER._replace(answers=_records(NAME, MX(10, NAME), TXT((b"v=spf1 -all",)), TLSA(3, 1, 1, bytes(32)))),
    ANSWER._replace(answers=_records("test", DNAME("example")) + _records(NAME, CNAME("www.a.example"))),
    ANSWER._replace(flags=Flag.RESPONSE, authority=_records("test", NS("ns.test"), NS("ns.else.example"))),
    ANSWER._replace(
        flags=Flag.RESPONSE,
        authority=_records(ZONE, NS("ns.a.test"), DS(4711, 13, 2, bytes(32)), _signature("DS")),
        additional=_records("ns.a.test", A("198.51.100.1")),
    ),
    ANSWER._replace(rcode=Rcode.NXDOMAIN, authority=_records(ZONE, START, PROOF, _signature("NSEC"))),
    ANSWER._replace(authority=_records(ZONE, START, _signature("SOA")) + _records(f"{'0' * 32}.{ZONE}", HASHED)),
    ANSWER._replace(flags=Flag.RESPONSE | Flag.TRUNCATED),
    ANSWER._replace(rcode=Rcode.REFUSED, edns=None),
    ANSWER._replace(rcode=Rcode.BADCOOKIE),
)


def _queries() -> Iterator[bytes]:
    for name in NAMES:
        for type_ in TYPES:
            yield build_query(Question(name, type_), 4711, edns=EDNS if type_ == "A" else None)
    yield build_query(Question("version.bind", "TXT", "CH"), 1)
    yield build_query(Question(NAME, "A"), 1, edns=Edns(options=((OptionCode.PADDING, bytes(8)), (11, b""), (3, b""))))
    for opcode in Opcode:
        question = Question(ZONE, "SOA")
        yield build_message(Message(4711, opcode=opcode, question=question, authority=_records(NAME, A("192.0.2.9"))))
        yield sign_request(build_message(Message(1, opcode=opcode, question=question)), KEY, 1_800_000_000).octets


def dns_seeds(target: str) -> Iterator[bytes]:
    """Return the seeds of a target in its form."""
    said = [build_message(message) for message in SAID]
    if target == "dns_resolver":
        pieces = [_piece(octets) for octets in said]
        for options in range(8):
            yield bytes((options,)) + b"".join(pieces)
            yield from (bytes((options,)) + referral + answer for referral in pieces[4:6] for answer in pieces)
    elif target == "dns_reply":
        yield from (octets[2:] for octets in said)
    else:
        yield from _queries()
        yield from said


def _piece(octets: bytes) -> bytes:
    """Return a response as `dns_resolver` cuts it."""
    question = len(NAME) + 2 + 4
    piece = octets[2:4] + octets[7:12:2] + octets[12 + question :]
    return len(piece).to_bytes(2) + piece
