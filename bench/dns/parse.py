"""Hot DNS messages read by ours and by dnspython: what a resolver that serves mail reads all day.

The octets are dnspython's own. Each kind is read twice over: the same message again and again, as from a busy name,
and thousands of different ones in turn, more than any memory of ours holds. Both readers go through every record.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Callable, Sequence

import dns.message
import dns.rdatatype
import dns.rrset

from scop.cli.shared import console, print_table
from scop.dns.message import parse_message

__all__ = ["main"]

GOAL = 10.0
DIFFERENT = 6_000  # more than the 4,096 names that ours remembers
SAME = 1_000
ROUNDS = 5
SAMPLE = 10  # dnspython reads one of so many: it takes its time
FIRST = "100000"  # what the names hold for a number, always as long
SIGNATURE = "A 13 3 300 20261212000000 20261128000000 4711 example.org. " + "A" * 86 + "=="

# name: question, answers, authority, additional; # stands for a number
KINDS: dict[str, tuple[str, str, str, str]] = {
    "A": ("www#.example.org. A", "www#.example.org. A 192.0.2.1", "", ""),
    "AAAA": ("www#.example.org. AAAA", "www#.example.org. AAAA 2001:db8::1:0:0:1", "", ""),
    "MX": ("d#.example. MX", "d#.example. MX 10 mx1.d#.example.\nd#.example. MX 20 mx2.d#.example.", "", ""),
    "TXT": ("d#.example. TXT", 'd#.example. TXT "v=spf1 mx include:_spf.d#.example -all"', "", ""),
    "PTR": ("#.2.0.192.in-addr.arpa. PTR", "#.2.0.192.in-addr.arpa. PTR host#.example.org.", "", ""),
    "TLSA": ("_25._tcp.mx#.example.org. TLSA", f"_25._tcp.mx#.example.org. TLSA 3 1 1 {'ab' * 32}", "", ""),
    "CNAME and A": (
        "www#.example.org. A",
        "www#.example.org. CNAME host#.cdn.example.\nhost#.cdn.example. A 192.0.2.2",
        "",
        "",
    ),
    "referral": (
        "www.d#.example. A",
        "",
        "\n".join(f"d#.example. NS ns{n}.d#.example." for n in range(4)),
        "\n".join(f"ns{n}.d#.example. A 192.0.2.{n}" for n in range(4)),
    ),
    "NXDOMAIN": (
        "no#.example.org. A",
        "",
        "example.org. SOA ns1.example.org. hostmaster.example.org. 2026112801 7200 3600 1209600 300",
        "",
    ),
    "signed A": ("www#.example.org. A", f"www#.example.org. A 192.0.2.1\nwww#.example.org. RRSIG {SIGNATURE}", "", ""),
    "signed absence": (
        "no#.example.org. A",
        "",
        "\n".join(
            (
                "example.org. SOA ns1.example.org. hostmaster.example.org. 2026112801 7200 3600 1209600 300",
                f"example.org. RRSIG {SIGNATURE.replace('A 13 3', 'SOA 13 2')}",
                "nn#.example.org. NSEC np#.example.org. A AAAA RRSIG NSEC",
                f"nn#.example.org. RRSIG {SIGNATURE.replace('A 13 3', 'NSEC 13 3')}",
            )
        ),
        "",
    ),
}


def main() -> bool:
    """Read every kind both ways; tell whether ours is ten times as fast at each that comes again."""
    console.rule("DNS messages read, microseconds each", align="left")
    rows, reached = [], True
    for kind in KINDS:
        same = _octets(kind)
        different = [_with_number(same, number) for number in range(DIFFERENT)]
        figures = [_compared([same] * SAME), _compared(different)]
        ours, theirs = figures[0]
        reached &= theirs / ours >= GOAL  # of hot answers; the others are shown so that no memory flatters
        shown = [f"{ours:.1f} to {theirs:.0f}: {theirs / ours:.1f}×" for ours, theirs in figures]
        rows.append((kind, str(len(same)), *shown))
    print_table(("kind", "octets", "the same again: ours to dnspython", "each different: ours to dnspython"), rows)
    return reached


def _octets(kind: str) -> bytes:
    question, *sections = (text.replace("#", FIRST) for text in KINDS[kind])
    name, type_ = question.split()
    message = dns.message.make_response(dns.message.make_query(name, type_, use_edns=0, want_dnssec=True))
    for section, text in zip((message.answer, message.authority, message.additional), sections, strict=True):
        for line in text.splitlines():
            owner, record_type, value = line.split(" ", 2)
            section.append(dns.rrset.from_text(owner, 300, "IN", record_type, value))
    return message.to_wire()


def _with_number(octets: bytes, number: int) -> bytes:
    """Return the message with other names and addresses of the same lengths."""
    octets = octets.replace(FIRST.encode(), str(int(FIRST) + number).encode())
    return octets.replace(bytes((192, 0, 2, 1)), (0x0A00_0000 + number).to_bytes(4)).replace(
        bytes((0, 1, 0, 0, 0, 0, 0, 1)), (number << 16 | 1).to_bytes(8)
    )


def _compared(messages: Sequence[bytes]) -> tuple[float, float]:
    """Return microseconds a message for ours and for dnspython, the best of rounds in which they take turns."""
    rounds = [(_timed(_ours, messages), _timed(_dnspythons, messages[::SAMPLE])) for _ in range(ROUNDS)]
    ours, theirs = zip(*rounds, strict=True)
    return min(ours), min(theirs)


def _timed(read: Callable[[bytes], int], messages: Sequence[bytes]) -> float:
    gc.collect()
    started = time.process_time()
    for octets in messages:
        read(octets)
    return (time.process_time() - started) / len(messages) * 1e6


def _ours(octets: bytes) -> int:
    message = parse_message(octets)
    return len(message.answers) + len(message.authority) + len(message.additional)


def _dnspythons(octets: bytes) -> int:
    message = dns.message.from_wire(octets)
    return len(message.answer) + len(message.authority) + len(message.additional)


if __name__ == "__main__":
    sys.exit(not main())
