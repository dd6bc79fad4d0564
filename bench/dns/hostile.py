"""The most work that one message of 64 KB makes, ours beside dnspython: compression bombs and their relatives."""

from __future__ import annotations

import contextlib
import struct
import sys
import time
from collections.abc import Callable, Iterator

import dns.exception
import dns.message

from scop.base import RemoteProtocolError
from scop.cli.shared import console, print_table
from scop.dns.message import parse_message

__all__ = ["main"]

GOAL_MS = 100.0  # a thousandth of that is an honest message; a server that reads ten of these a second still serves
ROUNDS = 3
RECORDS = 2_000
STEPS = 120

_RECORD = struct.Struct("!HHLH")
_QUESTION = b"\1a\0\0\1\0\1"
_NAMES_AT = 12
_CHAIN_AT = _NAMES_AT + len(_QUESTION) + 11
_TO_QUESTION = b"\xc0\x0c"


def main() -> bool:
    """Read each; tell whether none costs more than it may."""
    console.rule("hostile DNS messages read, milliseconds each", align="left")
    rows, worst = [], 0.0
    for name, octets in _bombs():
        ours, theirs = _best(_ours, octets, ROUNDS), _best(_dnspythons, octets, 1)  # which may take seconds
        worst = max(worst, ours)
        rows.append((name, f"{len(octets):,}", f"{ours:.1f}", f"{theirs:.1f}"))
    print_table(("message", "octets", "ours", "dnspython"), rows)
    return worst <= GOAL_MS


def _bombs() -> Iterator[tuple[str, bytes]]:
    # Pointers that lead to pointers, in octets that nobody reads as a name, and owners that lead into them.
    chain = b"".join(_pointer(_CHAIN_AT + 2 * (place - 1) if place else _NAMES_AT) for place in range(8_000))
    carrier = b"\0" + _RECORD.pack(65_280, 1, 0, len(chain)) + chain
    # As long a way as a name may take, again and again, to the end that was read last.
    places = (number // STEPS * STEPS + STEPS - number % STEPS for number in range(RECORDS))
    hosts = b"".join(_pointer(_CHAIN_AT + 2 * place) + _RECORD.pack(1, 1, 0, 4) + bytes(4) for place in places)
    yield "chains of pointers", _message(RECORDS + 1, carrier + hosts)
    yield "a longer chain", _message(2, carrier + _pointer(_CHAIN_AT + 10_000) + _RECORD.pack(1, 1, 0, 4) + bytes(4))
    labels = b"\1a" * 126 + b"\0\0\1\0\1"
    tails = (_pointer(_NAMES_AT + 2 * (number % 120)) for number in range(RECORDS))
    servers = b"".join(tail + _RECORD.pack(2, 1, 0, 2) + tail for tail in tails)
    yield "126 labels in every name", _message(RECORDS, servers, labels)
    odd = (b"\x3f" + bytes(63)) * 3 + b"\0\0\1\0\1"
    firsts = (b"\2" + number.to_bytes(2) + _TO_QUESTION for number in range(RECORDS))
    servers = b"".join(first + _RECORD.pack(2, 1, 0, 5) + first for first in firsts)
    yield "names of NULs, each another", _message(RECORDS, servers, odd)
    yield "a TXT of empty strings", _message(1, _TO_QUESTION + _RECORD.pack(16, 1, 0, 60_000) + bytes(60_000))
    yield "EDNS options without octets", _message(0, b"\0" + _RECORD.pack(41, 1232, 0, 60_000) + bytes(60_000), more=1)


def _message(count: int, records: bytes, question: bytes = _QUESTION, *, more: int = 0) -> bytes:
    return struct.pack("!6H", 1, 0x8000, 1, count, 0, more) + question + records


def _pointer(place: int) -> bytes:
    return (0xC000 | min(place, 0x3FFF)).to_bytes(2)


def _best(read: Callable[[bytes], None], octets: bytes, rounds: int) -> float:
    best = float("inf")
    for _ in range(rounds):
        started = time.process_time()
        read(octets)
        best = min(best, (time.process_time() - started) * 1e3)
    return best


def _ours(octets: bytes) -> None:
    with contextlib.suppress(RemoteProtocolError):
        parse_message(octets)


def _dnspythons(octets: bytes) -> None:
    with contextlib.suppress(dns.exception.DNSException):
        dns.message.from_wire(octets)


if __name__ == "__main__":
    sys.exit(not main())
