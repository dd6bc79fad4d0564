"""Zone transfers: a zone, or what changed in it, as the messages that a secondary fetches; and the way back.

`whole_zone` and `changes_since` give a server's messages one by one, so that only one is in memory. `TransferReader`
takes a client's messages and tells when all is there and what it makes of the zone that the client has.

Standards: RFC 5936 (AXFR; message §2.2, the zone's boundaries §3), RFC 1995 (IXFR; format §4), RFC 1982.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum

from scop.base import LimitExceeded, RemoteProtocolError
from scop.dns.answer import Question
from scop.dns.edns import Edns
from scop.dns.message import Flag, Message, Record, build_message, parse_message
from scop.dns.names import is_at_or_below, name_to_wire
from scop.dns.rdata import RRSIG, SOA
from scop.dns.rrset import RRset, gather
from scop.dns.words import Opcode, Rcode
from scop.dns.zone.difference import Difference
from scop.dns.zone.journal import JournalStep
from scop.dns.zone.serial import is_later
from scop.dns.zone.zone import Zone

__all__ = [
    "TransferOutcome",
    "TransferReader",
    "build_transfer_query",
    "changed_by",
    "changes_since",
    "single_soa",
    "whole_zone",
]

MESSAGE_OCTETS = 16_000  # of one message: names further back cannot be pointed at (RFC 1035 §4.1.4)
MAX_TRANSFER_RECORDS = 5_000_000
MAX_TRANSFER_OCTETS = 512 * 2**20
MAX_MESSAGE_RECORDS = 6_000  # 64 KiB of the smallest
_FIXED_OCTETS = 10  # type, class, TTL and length of a record


class TransferOutcome(StrEnum):
    """What a transfer brought."""

    UNFINISHED = "unfinished"
    UP_TO_DATE = "up_to_date"
    WHOLE = "whole"
    CHANGES = "changes"


def whole_zone(query: Message, zone: Zone) -> Iterator[bytes]:
    """Yield the messages of an AXFR (RFC 5936 §2.2): the SOA, everything, and the SOA once more."""
    (soa,) = zone.soa.records()
    return _messages(query, _closed(zone.records(), soa))


def changes_since(query: Message, zone: Zone, steps: Sequence[JournalStep]) -> Iterator[bytes]:
    """Yield the messages of an IXFR that brings these steps, which must lead to `zone` (RFC 1995 §4)."""
    (soa,) = zone.soa.records()
    return _messages(query, _closed((soa, *_stepping(steps)), soa))


def single_soa(query: Message, zone: Zone) -> bytes:
    """Return the answer to an IXFR that says no more than which version we have (RFC 1995 §2, §4)."""
    return _message(query, query.question, zone.soa.records())


def _stepping(steps: Iterable[JournalStep]) -> Iterator[Record]:
    for step in steps:
        found = step.difference()
        yield from found.removed
        yield from found.added


def _closed(records: Iterable[Record], soa: Record) -> Iterator[Record]:
    yield from records
    yield soa


def _messages(query: Message, records: Iterator[Record]) -> Iterator[bytes]:
    question, taken, octets = query.question, list[Record](), 0
    for record in records:
        size = len(name_to_wire(record.name)) + _FIXED_OCTETS + len(record.rdata.to_wire())
        if taken and octets + size > MESSAGE_OCTETS:
            yield _message(query, question, taken)
            question, taken, octets = None, [], 0  # RFC 5936 §2.2.1: the question stands in the first
        taken.append(record)
        octets += size
    yield _message(query, question, taken)


def _message(query: Message, question: Question | None, records: Sequence[Record]) -> bytes:
    flags = Flag.RESPONSE | Flag.AUTHORITATIVE | query.flags & Flag.RECURSION_DESIRED
    edns = Edns() if query.edns is not None and question is not None else None  # RFC 5936 §2.2.5
    return build_message(Message(query.id, flags, Opcode.QUERY, Rcode.NOERROR, question, tuple(records), edns=edns))


def build_transfer_query(origin: str, zone: Zone | None, id_: int) -> bytes:
    """Return the query for a zone: for what changed since the version that is here, or for all of it."""
    if zone is None:
        return build_message(Message(id_, question=Question(origin, "AXFR")))
    # RFC 1995 §3: the SOA that we have, in the authority section
    return build_message(Message(id_, question=Question(origin, "IXFR"), authority=zone.soa.records()))


class TransferReader:
    """Puts together what a server sends; `zone` is the version that was asked from, None for none."""

    def __init__(self, origin: str, zone: Zone | None) -> None:
        self._origin = origin
        self._before = zone
        self._records = list[Record]()
        self._soas = 0  # how often the newest SOA came
        self._octets = 0
        self.outcome = TransferOutcome.UNFINISHED

    def receive(self, octets: bytes) -> TransferOutcome:
        """Take one message, its TSIG checked and taken off; raises `RemoteProtocolError` where it is no more of one.

        Who gets that asks for the whole zone, or another server.
        """
        if self.outcome is not TransferOutcome.UNFINISHED:
            raise RemoteProtocolError("the transfer goes on after its end")
        message = parse_message(octets, max_records=MAX_MESSAGE_RECORDS)
        if not message.is_response or message.rcode is not Rcode.NOERROR or message.is_truncated:
            raise RemoteProtocolError(f"the server says {message.rcode.name}")
        if message.question is not None and message.question.name != self._origin:
            raise RemoteProtocolError("the transfer is of another zone")
        self._octets += len(octets)
        if self._octets > MAX_TRANSFER_OCTETS:
            raise LimitExceeded(f"a transfer of more than {MAX_TRANSFER_OCTETS} octets")
        for record in message.answers:
            self._take(record)
        if not self._records:
            raise RemoteProtocolError("the transfer does not begin")
        if self._is_only_soa() and self.outcome is TransferOutcome.UNFINISHED:
            self._judge_single_soa()
        return self.outcome

    def result(self) -> Zone:
        """Return the zone as it is now; raises `RemoteProtocolError` where what came makes none."""
        try:
            if self.outcome is TransferOutcome.WHOLE:
                return Zone.of_records(self._origin, self._records[:-1])
            if self._before is None or self.outcome is TransferOutcome.UNFINISHED:
                raise RemoteProtocolError("the transfer is not at its end")
            if self.outcome is TransferOutcome.CHANGES:
                return self._with_changes(self._before)
            return self._before
        except RemoteProtocolError:
            raise
        except ValueError as error:
            raise RemoteProtocolError(f"what came is no zone: {error}") from error

    def _take(self, record: Record) -> None:
        if self.outcome is not TransferOutcome.UNFINISHED:
            raise RemoteProtocolError("records after the end of the transfer")
        if not is_at_or_below(record.name, self._origin):
            raise RemoteProtocolError(f"{record.name} is outside of the zone")
        if len(self._records) >= MAX_TRANSFER_RECORDS:
            raise LimitExceeded(f"a transfer of more than {MAX_TRANSFER_RECORDS} records")
        is_soa = isinstance(record.rdata, SOA)
        if not self._records and not (is_soa and record.name == self._origin):
            raise RemoteProtocolError("the transfer does not begin with the zone's SOA")
        self._records.append(record)
        if is_soa and record.rdata == self._records[0].rdata:
            self._soas += 1
            if len(self._records) > 1 and self._ends():
                self.outcome = TransferOutcome.CHANGES if self._is_incremental() else TransferOutcome.WHOLE

    def _is_incremental(self) -> bool:
        """RFC 1995 §4: the second record is the SOA of an older version."""
        second = self._records[1].rdata
        return self._before is not None and isinstance(second, SOA) and second != self._records[0].rdata

    def _ends(self) -> bool:
        # of an incremental transfer the newest SOA stands at its begin, before the last additions and at its end
        return self._soas == (3 if self._is_incremental() else 2)

    def _is_only_soa(self) -> bool:
        return len(self._records) == 1

    def _judge_single_soa(self) -> None:
        """RFC 1995 §4: one SOA alone is all that a server says to who has that version, or a later one."""
        if self._before is not None:
            newest = self._records[0].rdata
            assert isinstance(newest, SOA)
            if not is_later(newest.serial, self._before.serial):
                self.outcome = TransferOutcome.UP_TO_DATE

    def _with_changes(self, zone: Zone) -> Zone:
        for step in _steps(self._records[1:-1]):
            zone = changed_by(zone, step)
        (soa,) = zone.soa.rdatas
        if soa != self._records[0].rdata:
            raise RemoteProtocolError("the changes do not lead to the version that they promise")
        return zone


def _steps(records: Sequence[Record]) -> Iterator[Difference]:
    """Cut what stands between the outer SOAs: at each SOA, in turn, removals and additions begin."""
    starts = [number for number, record in enumerate(records) if record.type == "SOA"]
    if len(starts) % 2:
        raise RemoteProtocolError("a step without additions")
    cuts = [*starts, len(records)]
    for number in range(0, len(starts), 2):
        removed = records[cuts[number] : cuts[number + 1]]
        added = records[cuts[number + 1] : cuts[number + 2]]
        yield Difference(tuple(removed), tuple(added))


def changed_by(zone: Zone, step: Difference) -> Zone:
    """Return the zone after a step; raises `RemoteProtocolError` where it has not what shall go."""
    touched: dict[tuple[str, str], list[Record]] = {}
    for record in (*step.removed, *step.added):
        key = _place(record)
        if key not in touched:
            rrset = zone.get(*key)
            touched[key] = list(rrset.records(with_signatures=True)) if rrset is not None else []
    for record in step.removed:
        _remove(touched[_place(record)], record)
    for record in step.added:
        touched[_place(record)].append(record)
    put = list[RRset]()
    removed = list[tuple[str, str]]()
    for key, records in touched.items():
        left = gather(records)
        put += left
        if all((rrset.owner, rrset.type) != key for rrset in left):
            removed.append(key)
    return zone.changed(put, removed)


def _remove(records: list[Record], record: Record) -> None:
    # Lenient: servers that keep one TTL an RRset may tell another one (RFC 2181 §5.2); the value counts
    for number, found in enumerate(records):
        if found.rdata == record.rdata:
            del records[number]
            return
    raise RemoteProtocolError(f"there is no such {record.type} at {record.name} that could go")


def _place(record: Record) -> tuple[str, str]:
    """Return where a record stands: a signature with what it covers."""
    rdata = record.rdata
    return record.name, rdata.covered if isinstance(rdata, RRSIG) else rdata.type
