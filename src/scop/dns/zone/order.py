"""Names in the canonical order of DNSSEC, which says for every name that is not there between which two it would stand.

Standards: RFC 4034 §6.1; RFC 5155 §7.1 (owners of NSEC3 records sort as their hashes do).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping

from scop.dns.names import name_labels

__all__ = ["SortedNames", "canonical_key"]

_LABELS_END = "\0"  # sorts before every octet of a label, so that a name comes before those below it
_ESCAPED = {0: "\1\1", 1: "\1\2"}  # a label may hold the octet that ends one: two characters that sort where it would


def canonical_key(name: str) -> str:
    """Return text whose plain order is the canonical order of names (RFC 4034 §6.1)."""
    if "\\" not in name:
        return _LABELS_END.join(name.split(".")[::-1])
    return _LABELS_END.join(label.lower().decode("latin-1").translate(_ESCAPED) for label in name_labels(name)[::-1])


class SortedNames:
    """Some names in canonical order, as on a ring: before the first comes the last."""

    __slots__ = ("_keys", "_names")

    def __init__(self, keys: list[str], names: list[str]) -> None:
        """Take the keys in order and their names; `of` makes both."""
        self._keys = keys
        self._names = names

    @classmethod
    def of(cls, names: Iterable[str]) -> SortedNames:
        """Sort names, none of them twice."""
        pairs = sorted((canonical_key(name), name) for name in names)
        return cls([key for key, _ in pairs], [name for _, name in pairs])

    def __len__(self) -> int:
        return len(self._names)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def at_or_before(self, name: str) -> str:
        """Return the last name that does not come after this one. Raises `IndexError` where there are none."""
        return self._names[bisect_right(self._keys, canonical_key(name)) - 1]

    def before(self, name: str) -> str:
        """Return the last name that comes before this one. Raises `IndexError` where there are none."""
        return self._names[bisect_left(self._keys, canonical_key(name)) - 1]

    def after(self, name: str) -> str:
        """Return the first name that comes after this one. Raises `IndexError` where there are none."""
        return self._names[bisect_right(self._keys, canonical_key(name)) % len(self._names)]

    def moved(self, there: Mapping[str, bool]) -> SortedNames:
        """Return the same with some names in it or not, as `there` says; costs no more than copying two lists."""
        keys, names = self._keys.copy(), self._names.copy()
        for name, is_there in there.items():
            key = canonical_key(name)
            place = bisect_left(keys, key)
            was_there = place < len(keys) and keys[place] == key
            if was_there and not is_there:
                del keys[place], names[place]
            elif is_there and not was_there:
                keys.insert(place, key)
                names.insert(place, name)
        return SortedNames(keys, names)
