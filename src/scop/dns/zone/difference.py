"""What differs between two versions of a zone, and how two that were changed apart become one again.

Versions that came from each other share most of their nodes, which are passed over by identity: a change of one name
among ten thousand costs a look at each node and no more.

Theory of operation of a merge. RRset by RRset, against the version from which both began: what one side alone changed
holds; what both changed alike holds; where both only added records, all of them hold. Anything else is a conflict, and
*ours* wins, since it was answered to somebody as done. The serial is later than both.

Standards: RFC 1982, RFC 1995 §4 (what a difference is), RFC 2181 §5 (an RRset changes as a whole).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from scop.dns.message import Record
from scop.dns.rdata import SOA
from scop.dns.rrset import RRset
from scop.dns.zone.serial import following, is_later, with_serial
from scop.dns.zone.zone import Zone

__all__ = ["Difference", "Merged", "difference", "merge"]

_SINGLE = frozenset({"CNAME", "DNAME", "SOA"})  # an RRset of these holds one record
_NOTHING: Mapping[str, RRset] = {}


@dataclass(frozen=True, slots=True)
class Difference:
    """What was taken out and what was put in, the SOA first where it changed, then by name and type."""

    removed: tuple[Record, ...]
    added: tuple[Record, ...]

    def __bool__(self) -> bool:
        return bool(self.removed or self.added)

    def without(self, types: frozenset[str]) -> Difference:
        """Return what changed besides records of these types."""
        return Difference(
            tuple(record for record in self.removed if record.type not in types),
            tuple(record for record in self.added if record.type not in types),
        )


def difference(before: Zone | None, after: Zone) -> Difference:
    """Return what has to be taken out of `before`, signatures too, and what put in, to have `after`."""
    removed: list[Record] = []
    added: list[Record] = []
    for old, new in _changed(before, after):
        was = old.records(with_signatures=True) if old else ()
        now = new.records(with_signatures=True) if new else ()
        removed += [record for record in was if record not in now]
        added += [record for record in now if record not in was]
    return Difference(_soa_first(removed), _soa_first(added))


def _soa_first(records: list[Record]) -> tuple[Record, ...]:
    return tuple(sorted(records, key=lambda record: record.type != "SOA"))  # stable: the rest stays in its order


def _changed(before: Zone | None, after: Zone) -> Iterator[tuple[RRset | None, RRset | None]]:
    """Yield each RRset that is not the same in both, as it was and as it is, by name and type."""
    nodes = before.nodes if before else {}
    owners = [name for name, node in after.nodes.items() if nodes.get(name) is not node]
    owners += [name for name in nodes if name not in after.nodes]
    for owner in sorted(owners):
        yield from _changed_rrsets(nodes.get(owner, _NOTHING), after.nodes.get(owner, _NOTHING))
    yield from _changed_rrsets(before.hashed if before else _NOTHING, after.hashed)


def _changed_rrsets(old: Mapping[str, RRset], new: Mapping[str, RRset]) -> Iterator[tuple[RRset | None, RRset | None]]:
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        if was is not now and was != now:
            yield was, now


@dataclass(frozen=True, slots=True)
class Merged:
    """Two versions as one; `conflicts` are the RRsets (owner and type) in which the other side had to yield."""

    zone: Zone
    conflicts: tuple[tuple[str, str], ...] = ()


def merge(base: Zone | None, ours: Zone, theirs: Zone) -> Merged:
    """Return `ours` with what `theirs` changed since `base`; `ours` itself where that is nothing.

    Raises `ValueError` where the two together are no zone, as a CNAME beside what the other side added.
    """
    nodes = {name: dict(node) for name, node in ours.nodes.items()}
    conflicts: list[tuple[str, str]] = []
    for old, new in _changed(base, theirs):
        place = new or old
        assert place is not None
        node = nodes.setdefault(place.owner, {})
        if place.type == "SOA":
            _merge_soa(node, old, new)
            continue
        found, agreed = _merge_rrset(old, node.get(place.type), new)
        if not agreed:
            conflicts.append((place.owner, place.type))
        if found is None:
            node.pop(place.type, None)
        else:
            node[place.type] = found
    kept = {name: node for name, node in nodes.items() if node}
    if kept == ours.nodes:
        return Merged(ours, tuple(conflicts))
    serial = theirs.serial if is_later(theirs.serial, ours.serial) else following(ours.serial)
    return Merged(with_serial(Zone(ours.origin, kept, ours.hashed), serial), tuple(conflicts))


def _merge_rrset(base: RRset | None, ours: RRset | None, theirs: RRset | None) -> tuple[RRset | None, bool]:
    """Return the RRset that holds, and whether both sides can live with it."""
    if _is_same(ours, base):
        return theirs, True
    if _is_same(ours, theirs):
        return ours, True
    if ours and theirs and ours.type not in _SINGLE and _only_adds(base, ours) and _only_adds(base, theirs):
        return replace(ours, rdatas=tuple(dict.fromkeys((*ours.rdatas, *theirs.rdatas)))), True
    return ours, False


def _is_same(one: RRset | None, other: RRset | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.ttl_seconds == other.ttl_seconds and set(one.rdatas) == set(other.rdatas)


def _only_adds(base: RRset | None, changed: RRset) -> bool:
    return base is None or (base.ttl_seconds == changed.ttl_seconds and set(base.rdatas) <= set(changed.rdatas))


def _merge_soa(node: dict[str, RRset], base: RRset | None, theirs: RRset | None) -> None:
    """Take their timers where they changed them; the serial is decided at the end."""
    if theirs is None:
        return
    ours, new = node["SOA"], theirs.rdatas[0]
    old = base.rdatas[0] if base else None
    mine = ours.rdatas[0]
    assert isinstance(new, SOA)
    assert isinstance(mine, SOA)
    if old is None or replace(new, serial=0) == (replace(old, serial=0) if isinstance(old, SOA) else None):
        return
    node["SOA"] = replace(theirs, rdatas=(replace(new, serial=mine.serial),), signatures=())
