"""A signed name three zones deep, judged with nothing known but the root's anchor: what that costs of a processor.

Root, top-level domain and zone are signed as on the Internet: RSA-2048 the root, ECDSA P-256 what is below. Each round
has zones with keys of their own, so nothing of them was seen before, and the memories of keys and hashes are emptied.
Whole rounds are the resolver's own generator, from the root hints to the answer, its queries answered from octets in
memory: reading messages, going down, and judging. Beside it stands dnspython, which checks the same signatures and
nothing else.
"""

from __future__ import annotations

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import dns.name
import dns.node
import dns.rdata
import dns.rdataset
import dns.rrset

import dns.dnssec
from scop.cli.shared import console, print_table
from scop.dns import MX, NS, SOA, A, Question, Rcode, Security
from scop.dns.asking import Ask, Server
from scop.dns.dnssec.algorithms import Algorithm
from scop.dns.dnssec.digests import ds_of
from scop.dns.dnssec.keys import SigningKey
from scop.dns.dnssec.public_keys import forget_keys
from scop.dns.dnssec.signatures import Validity, sign
from scop.dns.dnssec.trust import Anchors
from scop.dns.dnssec.validation import Validator
from scop.dns.hashed_names import hash_label, hash_name
from scop.dns.message import Flag, Message, Record, build_message, parse_message
from scop.dns.names import parent_name
from scop.dns.rdata import DNSKEY, NSEC3, RRSIG, Rdata
from scop.dns.rdata.bitmap import bitmap_of
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolver import Resolver
from scop.dns.rrset import RRset, gather

__all__ = ["main"]

GOAL_MS = 10.0
ROUNDS = 60
NOW = 1_800_000_000
TTL = 300
ROOT, TOP, LEAF = Server("192.0.2.1"), Server("192.0.2.2"), Server("192.0.2.3")
ROOT_KEY = SigningKey.generate(Algorithm.RSASHA256)
RESPONSE = Flag.RESPONSE | Flag.AUTHORITATIVE


class _Clock:
    """Stands still."""

    def unix(self) -> float:
        return float(NOW)

    def monotonic(self) -> float:
        return 0.0


@dataclass(frozen=True)
class _Zone:
    apex: str
    key: SigningKey
    server: Server

    def signed(self, owner: str, *rdatas: Rdata) -> tuple[Record, ...]:
        """Return records and their signature."""
        rrset = RRset(owner, rdatas[0].type, TTL, rdatas)
        signature = sign(rrset, self.key, self.apex, Validity(NOW - 3600, NOW + 3600))
        return replace(rrset, signatures=(signature,)).records(with_signatures=True)

    def start(self) -> tuple[Record, ...]:
        return self.signed(self.apex, SOA(f"ns.{self.apex}", "root.test", 1, 1, 1, 1, 60))

    def hole(self, *names: str) -> tuple[Record, ...]:
        """Return the NSEC3 records of a zone that has an apex and nothing else but what is around these names."""
        records: list[Record] = []
        for name in names:
            first = int.from_bytes(hash_name(name), "big")
            owner, after = (number.to_bytes(20, "big") for number in (first - (name != self.apex), first + 1))
            rdata = NSEC3(1, 0, 0, b"", after, bitmap_of(["SOA", "NS", "DNSKEY"]))
            records += self.signed(f"{hash_label(owner)}.{self.apex}", rdata)
        return tuple(records)


class _World:
    """Zones with keys of this round, and their servers' octets by the question."""

    def __init__(self, number: int) -> None:
        self.leaf_name = f"zone{number}.example{number}"
        root = _Zone("", ROOT_KEY, ROOT)
        top = _Zone(f"example{number}", SigningKey.generate(), TOP)
        leaf = _Zone(self.leaf_name, SigningKey.generate(), LEAF)
        self.anchors = Anchors({"": (ds_of("", ROOT_KEY.dnskey),)})
        self.octets: dict[tuple[Server, Question], bytes] = {}
        for zone in (root, top, leaf):
            self._put(zone, zone.apex, "DNSKEY", zone.signed(zone.apex, zone.key.dnskey))
        self._refer(root, top)
        self._refer(top, leaf)
        self._put(leaf, f"www.{leaf.apex}", "A", leaf.signed(f"www.{leaf.apex}", A("198.51.100.1")))
        self._put(leaf, leaf.apex, "MX", leaf.signed(leaf.apex, MX(10, f"www.{leaf.apex}")))
        nobody = f"nobody.{leaf.apex}"
        denial = leaf.start() + leaf.hole(leaf.apex, nobody, f"*.{leaf.apex}")
        self._put(leaf, nobody, "A", (), Rcode.NXDOMAIN, denial)

    def _put(
        self,
        zone: _Zone,
        name: str,
        type_: str,
        answers: tuple[Record, ...],
        rcode: Rcode = Rcode.NOERROR,
        authority: tuple[Record, ...] = (),
    ) -> None:
        question = Question(name, type_)
        message = Message(1, RESPONSE, rcode=rcode, question=question, answers=answers, authority=authority)
        self.octets[zone.server, question] = build_message(message)

    def _refer(self, zone: _Zone, child: _Zone) -> None:
        servers = (Record(child.apex, TTL, NS(f"ns.{child.apex}")),)
        signer = zone.signed(child.apex, ds_of(child.apex, child.key.dnskey))
        glue = (Record(f"ns.{child.apex}", TTL, A(child.server.address)),)
        for name in (f"www.{self.leaf_name}", f"nobody.{self.leaf_name}", self.leaf_name, child.apex):
            for type_ in ("A", "MX"):
                question = Question(name, type_)
                message = Message(1, Flag.RESPONSE, question=question, authority=servers + signer, additional=glue)
                self.octets[zone.server, question] = build_message(message)

    def answer(self, ask: Ask) -> Message:
        """Return what the server says."""
        return parse_message(self.octets[ask.server, ask.question])


def main() -> bool:
    """Judge each kind of answer cold; tell whether it stays within the goal."""
    console.rule("a cold signed name three zones deep, milliseconds of CPU", align="left")
    worlds = [_World(number) for number in range(ROUNDS)]
    kinds = {"A": ("www.", "A"), "MX": ("", "MX"), "NXDOMAIN by NSEC3": ("nobody.", "A")}
    rows, reached = [], True
    for kind, (head, type_) in kinds.items():
        whole = _median(worlds, _resolve, head, type_)
        theirs = _median(worlds, _by_dnspython, head, type_)
        reached &= whole < GOAL_MS
        rows.append((kind, f"{whole:.2f}", f"{theirs:.2f}"))
    print_table(("answer", "resolved and judged by ours", "the same signatures by dnspython alone"), rows)
    return reached


def _median(worlds: list[_World], run: Callable[[_World, str, str], None], head: str, type_: str) -> float:
    spent = []
    for world in worlds:
        forget_keys()
        hash_name.cache_clear()
        started = time.process_time()
        run(world, head, type_)
        spent.append((time.process_time() - started) * 1000)
    return statistics.median(spent)


def _resolve(world: _World, head: str, type_: str) -> None:
    clock = _Clock()
    options = ResolverOptions((ROOT,), has_own_root=True, prime=False, minimise=False)
    resolver = Resolver(options, Cache(), clock, Validator(world.anchors, clock))
    step = resolver.resolve(Question(f"{head}{world.leaf_name}", type_))
    try:
        ask = next(step)
        while True:
            ask = step.send(world.answer(ask))
    except StopIteration as stop:
        if stop.value.security is not Security.SECURE:
            raise SystemExit(f"not secure: {stop.value.reason}") from None


def _by_dnspython(world: _World, head: str, type_: str) -> None:
    """Check every signature on the way, each by the keys of its zone."""
    top = parent_name(world.leaf_name)
    asked = Question(f"{head}{world.leaf_name}", type_)
    wanted = [
        (ROOT, Question("", "DNSKEY")),
        (ROOT, asked),
        (TOP, Question(top, "DNSKEY")),
        (TOP, asked),
        (LEAF, Question(world.leaf_name, "DNSKEY")),
        (LEAF, asked),
    ]
    keys: dict[dns.name.Name, dns.rdataset.Rdataset | dns.node.Node] = {}
    for place in wanted:
        message = parse_message(world.octets[place])
        for rrset in gather((*message.answers, *message.authority)):
            if rrset.type == DNSKEY.type:
                keys[dns.name.from_text(rrset.owner)] = _theirs(rrset.owner, rrset.rdatas)
            if rrset.signatures:
                dns.dnssec.validate(
                    _theirs(rrset.owner, rrset.rdatas), _theirs(rrset.owner, rrset.signatures), keys, now=NOW
                )


def _theirs(owner: str, rdatas: tuple[Rdata, ...]) -> dns.rrset.RRset:
    octets = [rdata.to_wire() for rdata in rdatas]
    made = [dns.rdata.from_wire("IN", r.type, o, 0, len(o)) for r, o in zip(rdatas, octets, strict=True)]
    ttl = rdatas[0].original_ttl_seconds if isinstance(rdatas[0], RRSIG) else TTL
    return dns.rrset.from_rdata_list(dns.name.from_text(owner), ttl, made)


if __name__ == "__main__":
    sys.exit(not main())
