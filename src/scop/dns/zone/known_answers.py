"""Answers remembered as octets, so that a question asked before costs little more than finding it.

Theory of operation. Nearly all queries are the same few octets but for their id and the case of their name. The key of
a query is its octets without the id, the name in lower case, and without such EDNS options as change no answer. What is
remembered is the response without its id; where the asker's case is another one, its own question is spliced in, so
that its case comes back. Names in a response point to the question where they can, and are as long in any case. The
answers are those of one version of all zones: who shows another begins with an empty memory.

A query in lower case and without options is its own key as it stands, and need not be read at all: what equals a query
that was read is the same query. So only what is not found is folded, then read, and its options taken away. Names that
do not exist, of which floods are made, share what does not depend on the name (`absent`).

The memory is in two halves; when the younger is full the elder is forgotten, so a flood of random names does not push
out what is asked all the time.

Standards: RFC 1035 §4.1, RFC 4343 §4.1, RFC 6891 §6.1.
"""

from __future__ import annotations

from typing import NamedTuple

from scop.dns.edns import OptionCode
from scop.dns.rdata import type_number
from scop.dns.zone.absent import Shape, absent_name, is_shared
from scop.dns.zone.answer import Zones

__all__ = ["KnownAnswers", "PlainQuery", "account_of", "plain_query"]

MAX_ANSWERS = 25_000  # in each half, of some 600 octets with what Python adds: 30 MB where somebody asks for so many
MAX_KEPT_OCTETS = 2_048  # of one: askers choose how often a large one would be kept, by flags and sizes of EDNS
MAX_SHAPES = 8_192  # of answers about names that do not exist, some 700 octets each where they are proved
_ID_OCTETS = 2
_AFTER_NAME_OCTETS = 4 + 2  # type and class, and the id that a key is without
_NAME_AT = 12
_MAX_LABEL_OCTETS = 63
_OPCODE_AND_QR = 0xF8
_ONE_QUESTION = b"\0\1\0\0\0\0\0"  # and the high octet of how many additional records follow
_ROOT_OPT = b"\0\0\x29"
_OPT_OCTETS = 11
_CLASS_IN = b"\0\1"
_TRANSFERS = frozenset(type_number(type_).to_bytes(2, "big") + _CLASS_IN for type_ in ("AXFR", "IXFR"))
_RCODE, _NXDOMAIN = 0x0F, 3


class PlainQuery(NamedTuple):
    """A query that holds a question of class IN and nothing else that matters; its question ends at `stop`."""

    key: bytes
    stop: int

    @property
    def question(self) -> bytes:
        """The question's octets, the name in lower case."""
        return self.key[_NAME_AT - _ID_OCTETS : self.stop - _ID_OCTETS]


def plain_query(query: bytes, counting: frozenset[int]) -> PlainQuery | None:
    """Return what a query asks, straight from its octets; None for all that wants to be looked at more closely.

    `counting` are the EDNS options that change an answer: who sends one asks for more than is remembered.
    """
    if len(query) < _NAME_AT + 5 or query[2] & _OPCODE_AND_QR or query[4:11] != _ONE_QUESTION:
        return None
    end, position = len(query), _NAME_AT
    while size := query[position]:
        position += size + 1
        if size > _MAX_LABEL_OCTETS or position >= end:
            return None
    stop = position + 5
    kind = query[position + 1 : stop]
    if kind[2:] != _CLASS_IN or kind in _TRANSFERS:
        return None
    rest: bytes | None = query[stop:]
    if query[11] == 1:
        rest = _plain_opt(query[stop:], counting)
    elif query[11] or rest:
        return None
    return (
        None
        if rest is None
        else PlainQuery(query[2:12] + query[12:position].lower() + query[position:stop] + rest, stop)
    )


def _plain_opt(octets: bytes, counting: frozenset[int]) -> bytes | None:
    """Return an OPT record without its options, None where one of them counts or it is something else."""
    size = len(octets) - _OPT_OCTETS
    if size < 0 or octets[:3] != _ROOT_OPT or octets[9] << 8 | octets[10] != size:
        return None
    if not size:
        return octets
    position, end = _OPT_OCTETS, len(octets)
    while position + 4 <= end:
        if (octets[position] << 8 | octets[position + 1]) in counting:
            return None
        position += 4 + (octets[position + 2] << 8 | octets[position + 3])
    return octets[:9] + b"\0\0" if position == end else None


def account_of(response: bytes) -> bytes:
    """Return what a response is counted as: askers of the same get the same, and of one zone's many noes too.

    As other servers count: an answer by its question, a "no" by the zone that says it, whatever the name, and all else
    together.
    """
    stop = _question_stop(response)
    if not stop or response[3] & _RCODE not in (0, _NXDOMAIN):
        return b"E"
    if response[6] or response[7]:
        return b"A" + response[_NAME_AT:stop].lower()
    # RFC 1035 §4.1.4: the owner of the authority's first record is an end of the question's name
    if stop + 2 <= len(response) and response[stop] >= 0xC0:
        at = (response[stop] & 0x3F) << 8 | response[stop + 1]
        return b"N" + response[at : stop - 4].lower()
    return b"N"


def _question_stop(response: bytes) -> int:
    if len(response) < _NAME_AT + 5 or response[4:6] != b"\0\1":
        return 0
    position = _NAME_AT
    while size := response[position]:
        position += size + 1
        if position >= len(response):
            return 0
    return position + 5


class _Known(NamedTuple):
    octets: bytes  # without the id, the question in lower case
    account: bytes
    stop: int  # of the question in a whole message

    def to(self, query: bytes) -> tuple[bytes, bytes]:
        """Return the response to a query of this name in any case, and what it is counted as."""
        stop = self.stop
        octets = query[:_ID_OCTETS] + self.octets[: _NAME_AT - _ID_OCTETS]
        return octets + query[_NAME_AT:stop] + self.octets[stop - _ID_OCTETS :], self.account


class KnownAnswers:
    """The answers of one way to ask, datagrams or streams, up to `max_octets` each."""

    def __init__(self, max_octets: int, counting: frozenset[int] = frozenset({OptionCode.NSID})) -> None:
        self._max_octets = max_octets
        self._counting = counting
        self._zones: Zones | None = None
        self._young: dict[bytes, _Known] = {}
        self._old: dict[bytes, _Known] = {}
        self._shapes: dict[Shape, tuple[bytes, bytes, bytes]] = {}  # before and behind the question, and the account

    def answer(self, zones: Zones, query: bytes) -> tuple[bytes, bytes] | None:
        """Return the response of `zones` to a plain query and what it is counted as; None for any other query."""
        if zones is not self._zones:
            self._zones, self._young, self._old, self._shapes = zones, {}, {}, {}
        known = self._young.get(query[_ID_OCTETS:])
        if known is not None:
            return query[:_ID_OCTETS] + known[0], known[1]
        end = query.find(0, _NAME_AT)  # of the name; or of half a name whose label holds a zero, then as it stands
        known = self._young.get(query[_ID_OCTETS:_NAME_AT] + query[_NAME_AT:end].lower() + query[end:])
        return self._looked_into(zones, query) if known is None else known.to(query)

    def _looked_into(self, zones: Zones, query: bytes) -> tuple[bytes, bytes] | None:
        plain = plain_query(query, self._counting)
        if plain is None:
            return None
        known = self._young.get(plain.key)
        if known is None:
            known = self._old.pop(plain.key, None)
            if known is None:
                return self._found(zones, query, plain)
            self._remember(plain.key, known)
        return known.to(query)

    def _found(self, zones: Zones, query: bytes, plain: PlainQuery) -> tuple[bytes, bytes] | None:
        absent = absent_name(zones, plain.key, plain.stop - _AFTER_NAME_OCTETS)
        shaped = None if absent is None else self._shapes.get(absent.shape)
        if shaped is not None:
            head, tail, account = shaped
            known = _Known(head + plain.question + tail, account, plain.stop)
            self._remember(plain.key, known)
            return known.to(query)
        response = zones.answer(query, max_octets=self._max_octets)
        if response is None:
            return None
        account = account_of(response)
        if len(response) <= MAX_KEPT_OCTETS and response[_NAME_AT : plain.stop] == query[_NAME_AT : plain.stop]:
            head, tail = response[_ID_OCTETS:_NAME_AT], response[plain.stop :]
            self._remember(plain.key, _Known(head + plain.question + tail, account, plain.stop))
            if absent is not None and is_shared(absent, response):
                self._keep_shape(absent.shape, (head, tail, account))
        return response, account

    def _keep_shape(self, shape: Shape, shaped: tuple[bytes, bytes, bytes]) -> None:
        if len(self._shapes) >= MAX_SHAPES:
            self._shapes.clear()  # made again as they are asked for
        self._shapes[shape] = shaped

    def _remember(self, key: bytes, known: _Known) -> None:
        if len(self._young) >= MAX_ANSWERS and key not in self._young:
            self._old, self._young = self._young, {}
        self._young[key] = known
