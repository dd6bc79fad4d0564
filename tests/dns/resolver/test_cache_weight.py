"""The weights of answers against what the interpreter takes for them."""

from __future__ import annotations

import functools
import gc
import sys
import tracemalloc

from scop.dns.answer import Question
from scop.dns.known import Known
from scop.dns.message import Message, Record, build_message, parse_message
from scop.dns.rdata import MX, RRSIG, SOA, TXT, A, Rdata
from scop.dns.resolver.cache import Cache, CacheOptions
from scop.dns.rrset import gather
from scop.dns.words import Rcode, Security

COUNT = 2000


def known_of(number: int) -> tuple[Question, Known]:
    """Return one answer as it comes off the wire, of a kind that changes with the number."""
    name = f"host{number}.example.test"
    signature = RRSIG("A", 13, 3, 300, number, 1, 1, "example.test", number.to_bytes(4, "big") * 16)
    kinds: tuple[tuple[Rdata, ...], ...] = (
        (A(f"192.0.{number >> 8 & 255}.{number & 255}"),),
        (A(f"192.0.{number >> 8 & 255}.{number & 255}"), A("192.0.2.7"), signature),
        (MX(10, f"mx{number}.example.test"), MX(20, "mx2.example.test")),
        (TXT((f"v=spf1 ip4:192.0.2.{number} -all".encode(),)),),
        (),
    )
    rdatas = kinds[number % len(kinds)]
    start = Record("example.test", 300, SOA("ns.example.test", "root.example.test", number, 2, 3, 4, 300))
    answers = tuple(Record(name, 300, rdata) for rdata in rdatas)
    type_ = rdatas[0].type if rdatas else "AAAA"
    message = Message(1, 0x8000, question=Question(name, type_), answers=answers, authority=() if rdatas else (start,))
    parsed = parse_message(build_message(message))
    assert parsed.question is not None
    known = Known(Rcode.NOERROR, gather(parsed.answers), gather(parsed.authority), "example.test", Security.INSECURE)
    return parsed.question, known


def forget_what_functions_remember() -> None:
    """Empty the `lru_cache` of every function of DNS: they are bounded by themselves. Those of others are not ours."""
    modules = [module for name, module in sys.modules.items() if name.startswith("scop.dns")]
    for found in (value for module in modules for value in vars(module).values()):
        if isinstance(found, functools._lru_cache_wrapper):
            found.cache_clear()


def test_weights_are_what_answers_take() -> None:
    """A cache takes no more octets than it counts, and no less than half of them."""
    cache = Cache(CacheOptions(max_octets=2**30))
    known_of(0)
    gc.collect()
    tracemalloc.start()
    try:
        for number in range(COUNT):
            cache.learn(*known_of(number), 0.0)
        forget_what_functions_remember()
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert 0.5 <= taken / cache.weight_octets <= 1.0
