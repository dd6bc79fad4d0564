"""What NSEC and NSEC3 records can say: that a name or a type is not there, or that a delegation has no DS.

Standards: RFC 4035 §5.4, RFC 5155 §8, RFC 6840 §4, RFC 9276 §3.2.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

__all__ = ["Absence", "Cut", "denies_names_below", "denies_type", "is_delegation"]


class Absence(StrEnum):
    """Whether something is proved not to be there."""

    MISSING = "not proved"
    PROVED = "proved"
    OPT_OUT = "there may be an unsigned delegation"  # RFC 5155 §9.2: no name is proved to be absent
    COSTLY = "hashed more often than anybody should"  # RFC 9276 §3.2: as good as unsigned


class Cut(StrEnum):
    """What is proved of a name at which a zone may begin, and which has no DS."""

    MISSING = "not proved"
    NONE = "no zone begins here"
    UNSIGNED = "an unsigned zone begins here"
    OPT_OUT = "an unsigned zone may begin here"  # RFC 5155 §8.9
    COSTLY = "hashed more often than anybody should"


_NS: Final = "NS"
_SOA: Final = "SOA"
_DS: Final = "DS"
_CNAME: Final = "CNAME"
_DNAME: Final = "DNAME"
_ANY: Final = "ANY"
_OF_DENIAL: Final = frozenset({"NSEC", "RRSIG"})


def is_delegation(types: frozenset[str]) -> bool:
    """Say whether a name with these types is the upper side of a zone cut (RFC 6840 §4.1)."""
    return _NS in types and _SOA not in types


def denies_names_below(types: frozenset[str]) -> bool:
    """Say whether a record of a name with these types may speak of the names below it.

    RFC 6840 §4.1: those below a delegation are another zone's, and below a DNAME all names exist elsewhere.
    """
    return not is_delegation(types) and _DNAME not in types


def denies_type(types: frozenset[str], type_: str, name: str) -> bool:
    """Say whether `name`, which has `types`, is proved to have no `type_`."""
    if type_ == _ANY:
        return types <= _OF_DENIAL  # what stands at every signed name
    if type_ in types or _CNAME in types:  # RFC 6840 §4.3: with an alias the answer lies elsewhere
        return False
    if type_ == _DS:  # RFC 6840 §4.4: the child's own record, of its apex, says nothing of the parent's side
        return _SOA not in types or not name
    return not is_delegation(types)  # RFC 6840 §4.1: at a cut the parent knows of no type but DS
