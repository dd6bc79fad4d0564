"""Whom this organisation writes with: what wanted mail taught of domains, of links, and of the names of our people.

Phishing imitates somebody whom its reader knows. So ham teaches an `Introduction`: the author's domain (in clear, as
a name that looks like it must be recognised), the author's address (as a keyed hash), where the mail's links lead and
which of them read as another place, and by what names people write to us. Like the model of words it is taught, taken
back, saved and loaded by whoever keeps it. Everything is bounded: where a table is full, counts are halved, and what
was taught seldom and long ago is forgotten. Until then taking back is exact.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Annotated, TypeAlias

import msgspec

from scop.base import a_labels
from scop.mime import Address
from scop.spam.evidence.folding import fold, without_accents
from scop.spam.evidence.hosts import registered_domain
from scop.spam.evidence.values import Evidence
from scop.spam.phishing.links import hosts_of, misleading_links
from scop.spam.phishing.look_alikes import LookAlikes
from scop.spam.phishing.well_known import WELL_KNOWN

__all__ = ["Acquaintances", "Introduction", "domain_of", "name_of"]

MAX_DOMAINS = 4_096
MAX_ADDRESSES = 16_384
MAX_REDIRECTIONS = 8_192
MAX_NAMES = 2_048
MAX_LINKED = 8_192
MAX_OWN_DOMAINS = 1_000
MAX_PER_MAIL = 16  # links, and names of our people, of one mail
MAX_NAME_CHARACTERS = 60
MIN_OWN_NAME = 6  # letters of a domain of ours that nobody else is called by chance
MIN_NAME_WORDS = 2  # "Ada" is the name of many
ADDRESS_OCTETS = 8

_TITLES = "dr prof mr mrs ms miss sir madam herr frau mme monsieur madame phd mba ceo cfo"
_BESIDE_NAMES = frozenset((*_TITLES.split(), *"abcdefghijklmnopqrstuvwxyz"))  # titles and initials
_MAGIC = b"SCoP acquaintances 1\n"

_Text = Annotated[str, msgspec.Meta(max_length=600)]
_Count = Annotated[int, msgspec.Meta(ge=1, le=1 << 40)]
_Counts: TypeAlias = dict[_Text, _Count]


class Introduction(msgspec.Struct, frozen=True, array_like=True):
    """What one wanted mail tells of whom we know."""

    domain: _Text  # registered domain of its author; ""
    address: _Text  # keyed hash of the author's address; ""
    redirections: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=MAX_PER_MAIL)]  # "reads.example>leads.example"
    names: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=MAX_PER_MAIL)]  # of our people, folded
    linked: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=MAX_PER_MAIL)]  # registered domains it leads to

    def to_octets(self) -> bytes:
        """Return the introduction as octets that `parse` reads."""
        return msgspec.msgpack.encode(self)

    @classmethod
    def parse(cls, octets: bytes) -> Introduction:
        """Return the introduction that `to_octets` wrote; raises `ValueError` for anything else."""
        try:
            return msgspec.msgpack.decode(octets, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"these octets are no introduction: {error}") from None


class _Saved(msgspec.Struct, frozen=True, array_like=True):
    """The acquaintances on disk."""

    domains: _Counts
    addresses: _Counts
    redirections: _Counts
    names: _Counts
    linked: _Counts
    own_domains: Annotated[tuple[_Text, ...], msgspec.Meta(max_length=MAX_OWN_DOMAINS)]


class Acquaintances:
    """Whom we know; new ones know nobody but who is imitated everywhere."""

    def __init__(self, own_domains: Iterable[str] = (), key: bytes = b"") -> None:
        self._key = key
        self.own_domains: frozenset[str] = frozenset()
        self._own_names: dict[str, str] = {}  # the first labels of these
        self._domains = _Tally(MAX_DOMAINS)
        self._addresses = _Tally(MAX_ADDRESSES)
        self._redirections = _Tally(MAX_REDIRECTIONS)
        self._names = _Tally(MAX_NAMES)
        self._linked = _Tally(MAX_LINKED)
        self._look_alikes = LookAlikes(WELL_KNOWN)
        self.belong_to(own_domains)

    def belong_to(self, own_domains: Iterable[str]) -> None:
        """Say which domains are our own: names that people write to there are those of our people.

        It is saved; where none is named, what was said before stays.
        """
        before = self.own_domains
        self.own_domains = frozenset(registered_domain(a_labels(domain)) for domain in own_domains) or before
        names = {own.partition(".")[0]: own for own in sorted(self.own_domains)}
        self._own_names = {name: own for name, own in names.items() if len(name) >= MIN_OWN_NAME}
        for domain in before - self.own_domains - WELL_KNOWN - self._domains.counts.keys():
            self._look_alikes.discard(domain)
        for domain in self.own_domains:
            self._look_alikes.add(domain)

    @property
    def is_empty(self) -> bool:
        """Whether nothing was taught yet, so that everybody is a stranger."""
        return not self._domains.counts

    def introduction_of(self, evidence: Evidence) -> Introduction:
        """Return what a wanted mail tells; it is taken by `take`."""
        author = evidence.author
        links = misleading_links(evidence.links)[:MAX_PER_MAIL]
        linked = dict.fromkeys(registered_domain(host) for host in hosts_of(evidence))
        people = [one for one in (*evidence.recipients, *((author,) if author else ())) if self.is_ours(one)]
        names = dict.fromkeys(name for one in people if (name := name_of(one.display_name)))
        return Introduction(
            domain_of(author) if author else "",
            self._hashed(author) if author else "",
            tuple(dict.fromkeys(f"{link.reads}>{link.leads}" for link in links)),
            tuple(names)[:MAX_PER_MAIL],
            tuple(linked)[:MAX_PER_MAIL],
        )

    def take(self, introduction: Introduction) -> None:
        """Learn from one wanted mail."""
        if introduction.domain:
            for domain in self._domains.add(introduction.domain):
                if domain not in WELL_KNOWN | self.own_domains:
                    self._look_alikes.discard(domain)
            self._look_alikes.add(introduction.domain)
        for tally, keys in self._tallies(introduction):
            for key in keys:
                tally.add(key)

    def take_back(self, introduction: Introduction) -> None:
        """Unlearn one that was taken."""
        domain = introduction.domain
        if domain and self._domains.subtract(domain) and domain not in WELL_KNOWN | self.own_domains:
            self._look_alikes.discard(domain)
        for tally, keys in self._tallies(introduction):
            for key in keys:
                tally.subtract(key)

    def _tallies(self, introduction: Introduction) -> tuple[tuple[_Tally, tuple[str, ...]], ...]:
        addresses = (introduction.address,) if introduction.address else ()
        leading = tuple(dict.fromkeys(f">{one.partition('>')[2]}" for one in introduction.redirections))
        return (
            (self._addresses, addresses),
            (self._redirections, (*introduction.redirections, *leading)),
            (self._names, introduction.names),
            (self._linked, introduction.linked),
        )

    def is_ours(self, address: Address) -> bool:
        """Tell whether an address is at one of our own domains."""
        return domain_of(address) in self.own_domains

    def is_guarded(self, domain: str) -> bool:
        """Tell whether somebody may want to be taken for this domain: ours, one we write with, one that all know."""
        return domain in self._domains.counts or domain in self.own_domains or domain in WELL_KNOWN

    def knows_domain(self, domain: str) -> bool:
        """Tell whether wanted mail came from this registered domain, or it is ours."""
        return domain in self._domains.counts or domain in self.own_domains

    def knows_address(self, address: Address) -> bool:
        """Tell whether wanted mail came from this address."""
        return self._hashed(address) in self._addresses.counts

    def knows_redirection(self, reads: str, leads: str) -> bool:
        """Tell whether wanted mail had links that read as one of these and lead to the other.

        Senders of newsletters lead every link through one place of theirs: where that place was seen in wanted mail
        any other name may stand before it, but none that is worth imitating.
        """
        known = self._redirections.counts
        return f"{reads}>{leads}" in known or (f">{leads}" in known and not self.is_guarded(reads))

    def is_name_of_ours(self, name: str) -> bool:
        """Tell whether a name, as `name_of` returns it, is that of one of our people."""
        return name in self._names.counts

    def imitated_by(self, host: str) -> str:
        """Return the domain that we know and that a host seems to be but is not; "" where there is none."""
        domain = registered_domain(host)
        is_known = self.knows_domain(domain) or domain in self._linked.counts
        return "" if is_known else self._look_alikes.imitated_by(host) or self._own_name_in(domain)

    def _own_name_in(self, domain: str) -> str:
        """Return our domain whose name another one bears, alone or with any words: all of ours are known."""
        if not self._own_names:
            return ""
        parts = re.split(r"[-_]", domain.partition(".")[0])
        return next((self._own_names[part] for part in parts if part in self._own_names), "")

    def save(self) -> bytes:
        """Return all of it as octets that `load` reads."""
        domains, addresses, redirections, names, linked = [tally.counts for tally in self._all()]
        saved = _Saved(domains, addresses, redirections, names, linked, tuple(sorted(self.own_domains)))
        return _MAGIC + msgspec.msgpack.encode(saved)

    @classmethod
    def load(cls, octets: bytes, key: bytes = b"") -> Acquaintances:
        """Return what `save` wrote, for the same key; raises `ValueError` for anything else."""
        if not octets.startswith(_MAGIC):
            raise ValueError("these octets are no acquaintances of this version")
        try:
            saved = msgspec.msgpack.decode(octets[len(_MAGIC) :], type=_Saved)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValueError(f"the acquaintances are damaged: {error}") from None
        loaded = cls(saved.own_domains, key)
        kept = (saved.domains, saved.addresses, saved.redirections, saved.names, saved.linked)
        for tally, counts in zip(loaded._all(), kept, strict=True):
            tally.replace(counts)
        for domain in loaded._domains.counts:
            loaded._look_alikes.add(domain)
        return loaded

    def _all(self) -> tuple[_Tally, ...]:
        return self._domains, self._addresses, self._redirections, self._names, self._linked

    def _hashed(self, address: Address) -> str:
        spec = f"{address.local_part.lower()}@{a_labels(address.domain)}"
        return hashlib.blake2b(spec.encode("utf-8", "replace"), digest_size=ADDRESS_OCTETS, key=self._key).hexdigest()


class _Tally:
    """How often each thing was taught, so many things at most."""

    def __init__(self, limit: int) -> None:
        self.counts: dict[str, int] = {}
        self._limit = limit

    def add(self, key: str) -> list[str]:
        """Count one more, as the newest; return what had to be forgotten for it."""
        self.counts[key] = self.counts.pop(key, 0) + 1
        return self._decay() if len(self.counts) > self._limit else []

    def subtract(self, key: str) -> bool:
        """Count one less; return whether none is left."""
        left = self.counts.get(key, 0) - 1
        if left > 0:
            self.counts[key] = left
        return left <= 0 and self.counts.pop(key, None) is not None

    def replace(self, counts: dict[str, int]) -> None:
        """Take saved counts, the newest last."""
        self.counts = dict(list(counts.items())[-self._limit :])

    def _decay(self) -> list[str]:
        """Halve all counts and keep the better half; of equal ones what was taught last."""
        ranked = sorted(enumerate(self.counts.items()), key=lambda one: (one[1][1], one[0]))
        forgotten = ranked[: len(ranked) // 2]
        kept = sorted(ranked[len(ranked) // 2 :])
        self.counts = {key: max(1, count // 2) for _, (key, count) in kept}
        return [key for _, (key, _) in forgotten]


def domain_of(address: Address) -> str:
    """Return the registered domain of an address, comparable; "" where it has none."""
    return registered_domain(a_labels(address.domain.rstrip("."))) if address.domain else ""


def name_of(display_name: str) -> str:
    """Return a person's name as it is compared: its words folded, without titles, in the order of the alphabet.

    "" where it is no name.
    """
    folded = fold(display_name[:MAX_NAME_CHARACTERS])
    every = "".join(letter if letter.isalnum() else " " for letter in without_accents(folded)).split()
    words = [word for word in every if word not in _BESIDE_NAMES]
    is_name = len(words) >= MIN_NAME_WORDS and not any(letter.isdigit() for letter in folded) and "@" not in folded
    return " ".join(sorted(words)) if is_name else ""
