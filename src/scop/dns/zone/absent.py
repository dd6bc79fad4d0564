"""What answers about names that do not exist have in common, so that one which was made serves for those after it.

Floods ask for random names, each of them once. Of the answer to such a name, be it NXDOMAIN, a referral, or made from a
wildcard, only the question is its own: the rest follows from the closest encloser, what was asked, the length of the
name (where the compression's pointers lead), and, where absence is proved, between which names it would stand. These
together are the answer's *shape*. Where a name of the rest could be pointed at inside of the question, or an alias
leads on, nothing is shared.

Standards: RFC 1035 §4.1.4, RFC 4592 §3.3.1.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple, TypeAlias

from scop.dns.message import Record, parse_message
from scop.dns.names import is_at_or_below, labels_text
from scop.dns.rdata import CNAME, MX, NS, PTR, SOA, type_name
from scop.dns.zone.answer import Zones
from scop.dns.zone.lookup import Match, closest_encloser, find, next_closer
from scop.dns.zone.proofs import span
from scop.dns.zone.zone import Zone

__all__ = ["AbsentName", "Shape", "absent_name", "is_shared"]

_NAME_AT = 10  # in a query without its id
_TYPE_AND_CLASS_OCTETS = 4
_DO_AT, _DO = 11, 0x80  # behind the question's name and type: in the OPT record's flags
_ALONE = frozenset({Match.ALIAS, Match.TOO_LONG})  # what is found further on depends on the name

Shape: TypeAlias = tuple[str, str, str, bytes, int]


class AbsentName(NamedTuple):
    """A name that does not exist, the zone that says so (None where none of ours does), and its answer's shape."""

    name: str
    type: str
    zone: Zone | None
    encloser: str
    shape: Shape


def absent_name(zones: Zones, query: bytes, name_stop: int) -> AbsentName | None:
    """Look at a plain query without its id and options, whose name ends with the root's octet before `name_stop`."""
    name = labels_text(query[_NAME_AT : name_stop - 1])
    held = zones.nearest(name)
    asked = query[:_NAME_AT] + query[name_stop:]
    type_ = type_name(query[name_stop] << 8 | query[name_stop + 1])
    if not isinstance(held, Zone):
        return AbsentName(name, type_, None, "", ("", str(held), "", asked, name_stop))
    if name in held.names:
        return None
    encloser = closest_encloser(held, name)
    is_proved = len(asked) > _NAME_AT + _DO_AT and asked[_NAME_AT + _DO_AT] & _DO
    between = span(held, name, encloser) if is_proved else ""
    return AbsentName(name, type_, held, encloser, (held.origin, encloser, between, asked, name_stop))


def is_shared(absent: AbsentName, response: bytes) -> bool:
    """Say whether the response for one name holds, but for the question, for all whose shape is the same."""
    if absent.zone is None:
        return True
    if find(absent.zone, absent.name, absent.type).match in _ALONE:
        return False
    own = next_closer(absent.name, absent.encloser)
    message = parse_message(response)
    owners = [record.name for record in (*message.authority, *message.additional)]
    owners += [
        record.name for record in message.answers if record.name != absent.name
    ]  # its own is made from wildcards
    targets = (target for section in (message.answers, message.authority) for target in _targets(section))
    return not any(is_at_or_below(name, own) for name in (*owners, *targets))


def _targets(records: tuple[Record, ...]) -> Iterator[str]:
    """Yield the names inside of rdata that compression may write as pointers (RFC 3597 §4)."""
    for record in records:
        match record.rdata:
            case NS() | CNAME() | PTR():
                yield record.rdata.target
            case MX():
                yield record.rdata.exchange
            case SOA():
                yield record.rdata.primary
                yield record.rdata.mailbox
            case _:
                pass
