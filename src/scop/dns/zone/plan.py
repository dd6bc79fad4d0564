"""What is published against what is wanted, and the changes that make the one the other.

Where an alias stands in the way, or other records in the way of an alias, nothing is changed and the person is told: an
UPDATE would be answered NOERROR and do nothing (RFC 2136 §3.4.2.2).

Only records that we are the owner of are touched: of the texts at a name the one whose first word is that of ours, and
an SPF record that a person wrote keeps all its mechanisms but those of addresses that were ours.

Standards: RFC 2136 §2.5, RFC 7208 §4.5 (one SPF record) and §5.6 (ip4, ip6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from scop.dns.rdata import AAAA, TXT, A, Rdata
from scop.dns.rrset import RRset
from scop.dns.update import Addition, Change, Deletion
from scop.dns.zone.wanted import TTL_SECONDS, Fit, Purpose, Wanted, spf_mechanism

__all__ = ["FOLLOWING", "Item", "Published", "Standing", "plan_zone"]

# What an alias cannot stand beside (RFC 1034 §3.6.2), as far as people put it there.
_BESIDE_NO_ALIAS = ("A", "AAAA", "MX", "TXT", "NS", "SRV", "CAA")
# What has to follow the public address, and what a key for it is granted.
FOLLOWING = frozenset({Purpose.ADDRESS, Purpose.SPF})

Published: TypeAlias = Callable[[str, str], RRset | None]


class Standing(StrEnum):
    """How a wanted RRset stands."""

    FINE = "fine"
    MISSING = "missing"
    DIFFERENT = "different"
    BLOCKED = "blocked"  # by records that are not ours to remove


@dataclass(frozen=True, slots=True)
class Item:
    """One wanted RRset, what is published in its place, and what has to be changed, in order."""

    wanted: Wanted
    published: tuple[Rdata, ...]  # of ours; others at the same name are not shown
    standing: Standing
    changes: tuple[Change, ...] = ()
    obstacle: RRset | None = None  # what has to be removed by hand first

    @property
    def rdatas(self) -> tuple[Rdata, ...]:
        """What will stand there: as wanted, or what keeps a person's own additions."""
        if self.standing is Standing.FINE:
            return self.published
        return tuple(change.rdata for change in self.changes if isinstance(change, Addition)) or self.wanted.rdatas


def plan_zone(wanted: Iterable[Wanted], published: Published) -> tuple[Item, ...]:
    """Compare each wanted RRset with what is published."""
    each = tuple(wanted)
    hosts = {one.owner for one in each if one.purpose is Purpose.ADDRESS}
    stale = _addresses(published, hosts) - _wanted_addresses(each)
    items = [_blocked(one, published) or _item(one, published(one.owner, one.type), stale) for one in each]
    return tuple(item for item in items if item.wanted.rdatas or item.published)


def _blocked(wanted: Wanted, published: Published) -> Item | None:
    """Return the item of what cannot stand there as long as something else does."""
    if not wanted.rdatas:
        return None
    for type_ in _BESIDE_NO_ALIAS if wanted.type == "CNAME" else ("CNAME",):
        found = published(wanted.owner, type_)
        if found is not None and wanted.fit is Fit.ANY_TEXT:  # a person's own policy may stand elsewhere
            return Item(wanted, found.rdatas, Standing.FINE)
        if found is not None:
            return Item(wanted, (), Standing.BLOCKED, obstacle=found)
    return None


def _item(wanted: Wanted, found: RRset | None, stale: frozenset[str]) -> Item:
    if wanted.fit is Fit.WHOLE:
        return _whole(wanted, found)
    ours = tuple(r for r in (found.rdatas if found else ()) if isinstance(r, TXT) and _is_ours(r, wanted))
    target = _target(wanted, ours, stale)
    if ours == (target,):
        return Item(wanted, ours, Standing.FINE)
    ttl = found.ttl_seconds if found else TTL_SECONDS  # RFC 2181 §5.2: the others at the name keep theirs
    deletions = [Deletion(wanted.owner, "TXT", rdata) for rdata in ours if rdata != target]
    additions = [] if target in ours else [Addition(wanted.owner, ttl, target)]
    return Item(wanted, ours, _standing(ours), (*deletions, *additions))


def _whole(wanted: Wanted, found: RRset | None) -> Item:
    published = found.rdatas if found else ()
    if set(published) == set(wanted.rdatas):
        return Item(wanted, published, Standing.FINE)
    ttl = found.ttl_seconds if found else TTL_SECONDS
    deletions = [Deletion(wanted.owner, wanted.type)] if published else []
    additions = [Addition(wanted.owner, ttl, rdata) for rdata in wanted.rdatas]
    return Item(wanted, published, _standing(published), (*deletions, *additions))


def _standing(published: tuple[Rdata, ...]) -> Standing:
    return Standing.DIFFERENT if published else Standing.MISSING


def _first_word(text: bytes) -> bytes:
    return text.replace(b";", b" ").split(b" ", 1)[0].lower()


def _is_ours(rdata: TXT, wanted: Wanted) -> bool:
    ours = wanted.rdatas[0]
    assert isinstance(ours, TXT)
    # A selector's name is ours alone, whatever stands there.
    return wanted.purpose is Purpose.DKIM or _first_word(rdata.joined) == _first_word(ours.joined)


def _target(wanted: Wanted, ours: tuple[TXT, ...], stale: frozenset[str]) -> TXT:
    """Return the one text that should stand there."""
    text = wanted.rdatas[0]
    assert isinstance(text, TXT)
    if wanted.fit is Fit.ANY_TEXT and len(ours) == 1:
        return ours[0]
    if wanted.fit is Fit.SPF and len(ours) == 1:  # RFC 7208 §4.5: several are an error, and ours takes their place
        return _merged_spf(ours[0], text, stale)
    return next((each for each in ours if each.joined == text.joined), text)


def _merged_spf(published: TXT, wanted: TXT, stale: frozenset[str]) -> TXT:
    """Return the published policy with our addresses in it, and without those that were ours."""
    terms = published.joined.decode("ascii", "replace").split()
    kept = [term for term in terms[1:] if term.lower().lstrip("+") not in stale]
    present = {term.lower().lstrip("+") for term in kept}
    ours = [term for term in wanted.joined.decode("ascii").split()[1:-1] if term not in present]
    if not ours and len(kept) == len(terms) - 1:
        return published
    return TXT.of(" ".join((terms[0], *ours, *kept)).encode("ascii", "replace"))


def _addresses(published: Published, hosts: Iterable[str]) -> frozenset[str]:
    """Return the SPF mechanisms of the addresses that are published for our hosts."""
    found = [published(host, type_) for host in hosts for type_ in ("A", "AAAA")]
    return _mechanisms(rdata for rrset in found if rrset for rdata in rrset.rdatas)


def _wanted_addresses(wanted: Iterable[Wanted]) -> frozenset[str]:
    return _mechanisms(r for one in wanted if one.purpose is Purpose.ADDRESS for r in one.rdatas)


def _mechanisms(rdatas: Iterable[Rdata]) -> frozenset[str]:
    return frozenset(spf_mechanism(rdata) for rdata in rdatas if isinstance(rdata, A | AAAA))
