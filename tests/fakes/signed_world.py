"""A small world of signed zones in memory: what a resolver's iteration would bring home of them, and of forged ones.

Each zone knows its names by their types; delegations, denials and signatures are made here by the letter of RFC 1034
§4.3.2, RFC 4035 §3.1 and RFC 5155 §7.2, and without the code that serves or signs zones in the product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from scop.dns.answer import Question
from scop.dns.asking import Step, Unanswered
from scop.dns.dnssec.algorithms import Algorithm, Digest
from scop.dns.dnssec.canonical import name_key
from scop.dns.dnssec.digests import ds_of
from scop.dns.dnssec.keys import SigningKey
from scop.dns.dnssec.nsec import covers
from scop.dns.dnssec.nsec3 import hash_covers
from scop.dns.dnssec.signatures import Validity, sign
from scop.dns.hashed_names import hash_label, hash_name, label_hash
from scop.dns.known import Known
from scop.dns.names import is_at_or_below, parent_name
from scop.dns.rdata import CNAME, DNAME, DNSKEY, DS, NS, NSEC, NSEC3, SOA, Rdata
from scop.dns.rdata.bitmap import bitmap_of
from scop.dns.rrset import RRset
from scop.dns.words import Rcode

__all__ = ["SALT", "SignedWorld", "SignedZone", "nsec3_chain", "nsec_chain", "with_ancestors"]

NOW = 1_700_000_000
TTL = 300
SALT = bytes.fromhex("aabbccdd")
KEY = SigningKey.generate(Algorithm.ED25519)  # one for all zones that want none of their own


def nsec_chain(types_of: Mapping[str, Iterable[str]]) -> list[RRset]:
    """Return the NSEC records of a zone with these names and types."""
    names = sorted(types_of, key=name_key)
    return [
        RRset(owner, "NSEC", TTL, (NSEC.of(after, types_of[owner]),))
        for owner, after in zip(names, [*names[1:], names[0]], strict=True)
    ]


def nsec3_chain(
    zone: str, types_of: Mapping[str, Iterable[str]], *, flags: int = 0, iterations: int = 12
) -> list[RRset]:
    """Return the NSEC3 records of a zone with these names and types, empty non-terminals added."""
    existing: dict[str, Iterable[str]] = dict.fromkeys(with_ancestors(zone, types_of), ())
    existing.update(types_of)
    hashed = sorted((hash_name(name, SALT, iterations), sorted(types)) for name, types in existing.items())
    return [
        RRset(
            f"{hash_label(owner)}.{zone}".removesuffix("."),
            "NSEC3",
            TTL,
            (NSEC3(1, flags, iterations, SALT, after, bitmap_of(types)),),
        )
        for (owner, types), (after, _) in zip(hashed, [*hashed[1:], hashed[0]], strict=True)
    ]


def with_ancestors(zone: str, names: Iterable[str]) -> Iterator[str]:
    """Return the names and all that exist for their sake, down from the apex."""
    for name in names:
        while name != zone:
            yield name
            name = parent_name(name)
    yield zone


@dataclass
class SignedZone:
    """One zone: RRsets by owner and type. `key` is None for one that is not signed; `iterations` None means NSEC."""

    apex: str
    content: dict[tuple[str, str], tuple[Rdata, ...]] = field(default_factory=dict)
    key: SigningKey | None = KEY
    iterations: int | None = None
    opt_out: bool = False

    def __post_init__(self) -> None:
        start = SOA(f"ns.{self.apex}", "root.test", 1, 3600, 600, 86400, 60)
        self.content.setdefault((self.apex, "SOA"), (start,))
        self.content.setdefault((self.apex, "NS"), (NS(f"ns.{self.apex}".removesuffix(".")),))
        if self.key is not None:
            self.content[self.apex, "DNSKEY"] = (self.key.dnskey,)

    def rrset(self, owner: str, type_: str, shown: str = "") -> RRset:
        """Return an RRset with its signature, at another name if it is a wildcard's."""
        return self.signed(RRset(owner, type_, TTL, self.content[owner, type_]), shown or owner)

    def signed(self, rrset: RRset, shown: str) -> RRset:
        """Return it as it comes on the wire."""
        if self.key is None or (rrset.type == "NS" and rrset.owner != self.apex):
            return replace(rrset, owner=shown)
        signature = sign(rrset, self.key, self.apex, Validity(NOW - 3600, NOW + 86_400))
        return replace(rrset, owner=shown, signatures=(signature,))

    def types_of(self) -> dict[str, set[str]]:
        """Return the types of each name, as denials show them: nothing of what is below a cut."""
        found: dict[str, set[str]] = {}
        cuts = [name for name, type_ in self.content if type_ == "NS" and name != self.apex]
        for name, type_ in self.content:
            if not any(name != cut and is_at_or_below(name, cut) for cut in cuts):
                found.setdefault(name, set()).add(type_)
        return found

    def denials(self) -> list[RRset]:
        """Return all NSEC or NSEC3 records, signed."""
        if self.key is None:
            return []
        types_of = self.types_of()
        for types in types_of.values():
            if types != {"NS"}:
                types.add("RRSIG")
        if self.iterations is None:
            chain = nsec_chain({name: {*types, "NSEC", "RRSIG"} for name, types in types_of.items()})
        else:
            kept = {n: t for n, t in types_of.items() if not (self.opt_out and t == {"NS"})}
            flags = 1 if self.opt_out else 0
            chain = nsec3_chain(self.apex, dict(kept), flags=flags, iterations=self.iterations)
        return [self.signed(rrset, rrset.owner) for rrset in chain]

    def denying(self, *names: str) -> tuple[RRset, ...]:
        """Return the denials that match or cover these names."""
        found = [rrset for rrset in self.denials() if any(self._speaks_of(rrset, name) for name in names)]
        return tuple(found)

    def _speaks_of(self, rrset: RRset, name: str) -> bool:
        record = rrset.rdatas[0]
        if isinstance(record, NSEC):
            return rrset.owner == name or covers(rrset.owner, record.next_name, name, self.apex)
        assert isinstance(record, NSEC3)
        hashed = hash_name(name, SALT, record.iterations)
        first = label_hash(rrset.owner.partition(".")[0])
        assert first is not None
        return first == hashed or hash_covers(first, record.next_hash, hashed)

    def ask(self, question: Question) -> Known:
        """Return what the zone's server says."""
        name, type_ = question.name, question.type
        existing = set(with_ancestors(self.apex, self.types_of()))
        above = self._dname_above(name)
        if above is not None:
            return self._through(name, above)
        if name in existing:
            return self._at(name, type_, name, ())
        encloser = parent_name(name)
        closer = name
        while encloser not in existing:
            closer, encloser = encloser, parent_name(encloser)
        wildcard = f"*.{encloser}".removesuffix(".")
        proofs = self.denying(closer) if self.iterations is not None else self.denying(name)
        if wildcard in existing:
            return self._at(wildcard, type_, name, proofs, encloser)
        denials = self.denying(*({name} if self.iterations is None else {closer, encloser}), wildcard)
        return Known(Rcode.NXDOMAIN, (), (self.rrset(self.apex, "SOA"), *denials), self.apex)

    def _at(self, owner: str, type_: str, shown: str, proofs: tuple[RRset, ...], encloser: str = "") -> Known:
        for found in (type_, "CNAME"):
            if (owner, found) in self.content:
                return Known(Rcode.NOERROR, (self.rrset(owner, found, shown),), proofs, self.apex)
        asked = {owner, shown, encloser} if encloser and self.iterations is not None else {owner, shown}
        denials = tuple(dict.fromkeys((*proofs, *self.denying(*asked))))
        if self.opt_out and not self.denials_at(owner):
            denials = self.denying(owner, parent_name(owner))
        return Known(Rcode.NOERROR, (), (self.rrset(self.apex, "SOA"), *denials), self.apex)

    def denials_at(self, name: str) -> bool:
        """Say whether a record of the name's own exists."""
        return self.types_of().get(name, set()) != {"NS"}

    def _dname_above(self, name: str) -> str | None:
        while name != self.apex:
            name = parent_name(name)
            if (name, "DNAME") in self.content:
                return name
        return None

    def _through(self, name: str, above: str) -> Known:
        dname = self.content[above, "DNAME"][0]
        assert isinstance(dname, DNAME)
        alias = RRset(name, "CNAME", TTL, (CNAME(f"{name[: -len(above)]}{dname.target}"),))
        return Known(Rcode.NOERROR, (self.rrset(above, "DNAME"), alias), (), self.apex)

    def delegate(self, child: SignedZone, digest: Digest = Digest.SHA256) -> None:
        """Name a child's servers, and its key if it has one."""
        self.content[child.apex, "NS"] = (NS(f"ns.{child.apex}"),)
        if child.key is not None:
            self.content[child.apex, "DS"] = (ds_of(child.apex, child.key.dnskey, digest),)


class SignedWorld:
    """Zones by their apex, how their words are forged on the way, and everything that was asked."""

    def __init__(self, *zones: SignedZone) -> None:
        self.zones = {zone.apex: zone for zone in zones}
        self.forged: dict[Question, Callable[[Known], Known]] = {}
        self.silent: set[Question] = set()
        self.asked: list[Question] = []

    def zone_of(self, question: Question) -> SignedZone:
        """Return the zone that answers: of a DS the one above the cut."""
        name = parent_name(question.name) if question.type == "DS" else question.name
        while name not in self.zones:
            name = parent_name(name)
        return self.zones[name]

    def known(self, question: Question) -> Known:
        """Return what comes home."""
        known = self.zone_of(question).ask(question)
        forge = self.forged.get(question)
        return known if forge is None else forge(known)

    def find(self, question: Question) -> Step[Known]:
        """Return what comes home, as the resolver's iteration does; nobody has to be asked for it."""
        self.asked.append(question)
        if question in self.silent:
            raise Unanswered("nobody says")
        yield from ()
        return self.known(question)

    def anchors(self, apex: str = "", digest: Digest = Digest.SHA256) -> dict[str, tuple[DS | DNSKEY, ...]]:
        """Return the anchor of one zone."""
        key = self.zones[apex].key
        assert key is not None
        return {apex: (ds_of(apex, key.dnskey, digest),)}
