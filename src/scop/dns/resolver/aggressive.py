"""Using signed denials for names that nobody asked for yet: an NSEC says what is between two names, for all of them.

Theory of operation. Of each secure answer the NSEC and NSEC3 records that prove it are kept, zone by zone, in the order
of names or of hashes, with the zone's SOA, and what was made from a wildcard is kept under the wildcard. A later
question is looked up there: a record at its name without its type says that there is no such data; one that passes the
name over, and one for the wildcard that might have stood for it, say that there is no such name. Each such answer
carries the records that prove it, so it is as good as one that the zone's servers gave. Nothing is concluded from the
NSEC of a delegation about names below it (RFC 6840 §4.1), nor from an NSEC3 with opt-out that a name does not exist
(RFC 8198 §5.2 and RFC 5155 §12.2).

Standards: RFC 8198 §5, RFC 4592 §2 (closest encloser), RFC 5155 §8, RFC 6840 §4, RFC 9077 (TTL).
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Generic, TypeVar

from scop.dns.answer import Question
from scop.dns.dnssec.absence import denies_names_below, denies_type
from scop.dns.dnssec.canonical import label_count, name_key, signed_owner
from scop.dns.dnssec.nsec import covers
from scop.dns.dnssec.nsec3 import hash_covers
from scop.dns.hashed_names import hash_name, label_hash
from scop.dns.known import Known
from scop.dns.names import is_at_or_below, parent_name
from scop.dns.rdata import CNAME, DS, NSEC, NSEC3, RRSIG, SOA
from scop.dns.resolver.weight import weight_of
from scop.dns.rrset import RRset
from scop.dns.words import Rcode, Security

__all__ = ["Denials"]

MAX_ZONES = 500  # denials are worth most in the few zones that many questions come to
MAX_HASHED_LABELS = 12  # of a name whose NSEC3 are looked for; each label costs a hash
MAX_ITERATIONS = 0  # RFC 9276 §3.1: what a zone shall use; for a zone that uses more, hashing is left to validation

_Place = TypeVar("_Place", tuple[bytes, ...], bytes)


class Denials:
    """The denials of many zones; `now` is the time of a monotonic clock."""

    def __init__(self, max_octets: int) -> None:
        self._max_octets = max_octets
        self._zones: dict[str, _Zone] = {}
        self._weight = 0

    @property
    def weight(self) -> int:
        """How many octets they take, about."""
        return self._weight

    def learn(self, known: Known, now: float) -> None:
        """Keep what a secure answer proves beyond itself."""
        denials: dict[str, list[RRset]] = {}
        for rrset in known.authority:
            # Who signed it says of which zone it speaks: a server may answer for a zone below the one it was asked for.
            if rrset.type in (NSEC.type, NSEC3.type) and (signer := _signer_of(rrset)) is not None:
                denials.setdefault(signer, []).append(rrset)
        for apex, rrsets in denials.items():
            zone = self._zone(apex)
            before = zone.weight
            zone.learn(known, rrsets, now)
            self._weight += zone.weight - before
        while self._weight > self._max_octets or len(self._zones) > MAX_ZONES:
            self._drop(next(iter(self._zones)))

    def find(self, question: Question, now: float, floor: str = "") -> Known | None:
        """Return what is proved of the question's name, None where nothing is; by no zone above `floor`."""
        # RFC 4035 §4.2: a DS stands above the cut.
        apex = parent_name(question.name) if question.type == DS.type else question.name
        while apex not in self._zones:
            if not apex:
                return None
            apex = parent_name(apex)
        return self._zones[apex].find(question, now) if is_at_or_below(apex, floor) else None

    def forget(self, apex: str) -> None:
        """Forget the zones at or below a name, and those above it."""
        for zone in [zone for zone in self._zones if is_at_or_below(zone, apex) or is_at_or_below(apex, zone)]:
            self._drop(zone)

    def _zone(self, apex: str) -> _Zone:
        zone = self._zones.pop(apex, None) or _Zone(apex)
        self._zones[apex] = zone  # what was learned of last is dropped last
        return zone

    def _drop(self, apex: str) -> None:
        self._weight -= self._zones.pop(apex).weight


class _Sorted(Generic[_Place]):
    """Records by their places in a ring."""

    def __init__(self) -> None:
        self._places: list[_Place] = []
        self._rrsets: dict[_Place, tuple[RRset, float]] = {}

    def put(self, place: _Place, rrset: RRset, until: float) -> bool:
        """Keep a record; say whether its place is new."""
        is_new = place not in self._rrsets
        if is_new:
            insort(self._places, place)
        self._rrsets[place] = rrset, until
        return is_new

    def at(self, place: _Place, now: float) -> RRset | None:
        """Return the record at a place."""
        rrset, until = self._rrsets.get(place, (None, 0.0))
        return rrset if until > now else None

    def until(self, place: _Place) -> float:
        """Return until when the record at a place holds."""
        return self._rrsets[place][1]

    def before(self, place: _Place, now: float) -> RRset | None:
        """Return the record whose place is the last one before `place`, the last of all before the first."""
        if not self._places:
            return None
        return self.at(self._places[bisect_right(self._places, place) - 1], now)


class _Zone:
    """The denials of one zone."""

    def __init__(self, apex: str) -> None:
        self.weight = 0
        self._apex = apex
        self._names: _Sorted[tuple[bytes, ...]] = _Sorted()
        self._hashes: _Sorted[bytes] = _Sorted()
        self._parameters: tuple[int, int, bytes] | None = None  # how this zone hashes
        self._wildcards: dict[tuple[str, str], tuple[RRset, float]] = {}
        self._start: tuple[RRset, float] | None = None  # its SOA

    def learn(self, known: Known, denials: list[RRset], now: float) -> None:
        for rrset in denials:
            is_new = self._learn_denial(rrset, now + rrset.ttl_seconds)
            self.weight += weight_of(Known(known.rcode, (rrset,))) if is_new else 0
        for rrset in known.authority:
            if rrset.type == SOA.type and rrset.owner == self._apex:
                self._start = rrset, now + rrset.ttl_seconds
        for rrset in known.rrsets:
            if _signer_of(rrset) == self._apex:
                self._learn_wildcard(rrset, now)

    def find(self, question: Question, now: float) -> Known | None:
        if self._start is None or self._start[1] <= now:
            return None  # RFC 2308 §3: an absence is said with the SOA
        return self._find_by_name(question, now) or self._find_by_hash(question, now)

    def _learn_denial(self, rrset: RRset, until: float) -> bool:
        first = rrset.rdatas[0]
        if not is_at_or_below(rrset.owner, self._apex):
            return False
        if isinstance(first, NSEC):
            return self._names.put(name_key(rrset.owner), rrset, until)
        assert isinstance(first, NSEC3)
        hashed = label_hash(rrset.owner.partition(".")[0])
        parameters = first.hash_algorithm, first.iterations, first.salt
        if hashed is None or first.iterations > MAX_ITERATIONS or parent_name(rrset.owner) != self._apex:
            return False
        if parameters != self._parameters:
            self._parameters, self._hashes = parameters, _Sorted()
        return self._hashes.put(hashed, rrset, until)

    def _learn_wildcard(self, rrset: RRset, now: float) -> None:
        source = _wildcard_of(rrset)
        if source is None:
            return
        if (source, rrset.type) not in self._wildcards:
            self.weight += weight_of(Known(Rcode.NOERROR, (rrset,)))
        self._wildcards[source, rrset.type] = replace(rrset, owner=source), now + rrset.ttl_seconds

    # ---- NSEC

    def _find_by_name(self, question: Question, now: float) -> Known | None:
        name, place = question.name, name_key(question.name)
        record = self._names.before(place, now)
        if record is None:
            return None
        denial = record.rdatas[0]
        assert isinstance(denial, NSEC)
        if record.owner == name:
            return self._without_type(question, denial.types, (record,), now)
        if not self._passes_over(record, denial, name):
            return None
        if is_at_or_below(denial.next_name, name):  # an empty non-terminal
            return self._absent(Rcode.NOERROR, (record,), now)
        encloser = _closest_encloser(name, record.owner, denial.next_name)
        return self._find_by_wildcard(question, encloser, (record,), now)

    def _passes_over(self, record: RRset, denial: NSEC, name: str) -> bool:
        if is_at_or_below(name, record.owner) and not denies_names_below(denial.types):
            return False
        return covers(record.owner, denial.next_name, name, self._apex)

    def _find_by_wildcard(
        self, question: Question, encloser: str, proof: tuple[RRset, ...], now: float
    ) -> Known | None:
        """Say what stands for a name that does not exist itself."""
        wildcard = f"*.{encloser}" if encloser else "*"
        for type_ in (question.type, CNAME.type):
            rrset, until = self._wildcards.get((wildcard, type_), (None, 0.0))
            if rrset is not None and until > now:
                return self._made(replace(rrset, owner=question.name, ttl_seconds=int(until - now)), proof, now)
        place = name_key(wildcard)
        record = self._names.before(place, now)
        if record is None:
            return None
        denial = record.rdatas[0]
        assert isinstance(denial, NSEC)
        proof = proof if record in proof else (*proof, record)
        if record.owner == wildcard:
            return self._without_type(question, denial.types, proof, now)
        if self._passes_over(record, denial, wildcard) and not is_at_or_below(denial.next_name, wildcard):
            return self._absent(Rcode.NXDOMAIN, proof, now)
        return None

    # ---- NSEC3

    def _find_by_hash(self, question: Question, now: float) -> Known | None:
        if self._parameters is None:
            return None
        name, above = question.name, list(_up_to(question.name, self._apex))
        if len(above) > MAX_HASHED_LABELS:
            return None
        record = self._hashed_at(name, now)
        if record is not None:
            denial = record.rdatas[0]
            assert isinstance(denial, NSEC3)
            return self._without_type(question, denial.types, (record,), now)
        return self._find_by_closest(question, above, now)

    def _find_by_closest(self, question: Question, above: list[str], now: float) -> Known | None:
        for next_closer, encloser in pairwise(above):
            record = self._hashed_at(encloser, now)
            if record is None:
                continue
            denial = record.rdatas[0]
            assert isinstance(denial, NSEC3)
            passing = self._hash_passing_over(next_closer, now)
            if passing is None or not denies_names_below(denial.types):
                return None
            return self._find_by_hashed_wildcard(question, encloser, (record, passing), now)
        return None

    def _find_by_hashed_wildcard(
        self, question: Question, encloser: str, proof: tuple[RRset, ...], now: float
    ) -> Known | None:
        wildcard = f"*.{encloser}" if encloser else "*"
        at = self._hashed_at(wildcard, now)
        if at is not None:
            denial = at.rdatas[0]
            assert isinstance(denial, NSEC3)
            return self._without_type(question, denial.types, (*proof, at), now)
        passing = self._hash_passing_over(wildcard, now)
        if passing is None:
            return None
        return self._absent(Rcode.NXDOMAIN, tuple(dict.fromkeys((*proof, passing))), now)

    def _hashed_at(self, name: str, now: float) -> RRset | None:
        return self._hashes.at(self._hash(name), now)

    def _hash_passing_over(self, name: str, now: float) -> RRset | None:
        """Return the NSEC3 without opt-out that proves a hash to be no name's."""
        hashed = self._hash(name)
        record = self._hashes.before(hashed, now)
        if record is None:
            return None
        denial, owner = record.rdatas[0], label_hash(record.owner.partition(".")[0])
        assert isinstance(denial, NSEC3)
        assert owner is not None
        return record if not denial.is_opt_out and hash_covers(owner, denial.next_hash, hashed) else None

    def _hash(self, name: str) -> bytes:
        assert self._parameters is not None
        _, iterations, salt = self._parameters
        return hash_name(name, salt, iterations)

    # ---- what is said

    def _without_type(
        self, question: Question, types: frozenset[str], proof: tuple[RRset, ...], now: float
    ) -> Known | None:
        if not denies_type(types, question.type, question.name):
            return None
        return self._absent(Rcode.NOERROR, proof, now)

    def _absent(self, rcode: Rcode, proof: tuple[RRset, ...], now: float) -> Known:
        assert self._start is not None
        start, until = self._start
        return self._said(Known(rcode, (), (replace(start, ttl_seconds=int(until - now)), *proof)), proof, now)

    def _made(self, rrset: RRset, proof: tuple[RRset, ...], now: float) -> Known:
        return self._said(Known(Rcode.NOERROR, (rrset,), proof), proof, now)

    def _said(self, known: Known, proof: tuple[RRset, ...], now: float) -> Known:
        left = [self._until(rrset) - now for rrset in proof]
        ttl = max(0, int(min(left)))
        rrsets, authority = (
            tuple(replace(rrset, ttl_seconds=min(rrset.ttl_seconds, ttl)) for rrset in section)
            for section in (known.rrsets, known.authority)
        )
        return Known(known.rcode, rrsets, authority, self._apex, Security.SECURE, None, now + ttl)

    def _until(self, rrset: RRset) -> float:
        if rrset.type == NSEC.type:
            return self._names.until(name_key(rrset.owner))
        return self._hashes.until(label_hash(rrset.owner.partition(".")[0]) or b"")


def _closest_encloser(name: str, owner: str, next_name: str) -> str:
    """Return the longest name above `name` that is known to exist, from the names around it."""
    return max((_shared(name, owner), _shared(name, next_name)), key=label_count)


def _shared(name: str, other: str) -> str:
    while not is_at_or_below(other, name):
        name = parent_name(name)
    return name


def _up_to(name: str, apex: str) -> Iterator[str]:
    yield name
    while name != apex:
        name = parent_name(name)
        yield name


def _signer_of(rrset: RRset) -> str | None:
    return next((signature.signer for signature in rrset.signatures if isinstance(signature, RRSIG)), None)


def _wildcard_of(rrset: RRset) -> str | None:
    """Return the wildcard that an RRset was made from, by its signatures' labels (RFC 4035 §5.3.4)."""
    labels = min((signature.labels for signature in rrset.signatures if isinstance(signature, RRSIG)), default=None)
    if labels is None or rrset.owner.startswith("*."):
        return None
    source = signed_owner(rrset.owner, labels)
    return None if source == rrset.owner else source
