"""Master files: the text form of a zone, read strictly, with the line in every complaint.

dnspython reads and writes the text of records; what it lets pass in silence (records outside of the zone, TTLs that
differ within an RRset) is refused here, because it is an operator's mistake. `$INCLUDE` is not
taken, since a library opens no files. `$GENERATE`, which no standard knows and many a file has, is, up to a bound.

Standards: RFC 1035 §5, RFC 2181 §5.2, RFC 2308 §4.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import dns.exception
import dns.name
import dns.rdata
import dns.tokenizer
import dns.transaction
import dns.zonefile
from dns.rdataclass import IN
from dns.rdatatype import RdataType

from scop.base import RemoteProtocolError, printable
from scop.dns.message import Record
from scop.dns.names import is_at_or_below, normal_name
from scop.dns.rdata import Rdata, read_rdata, type_name, type_number

__all__ = ["owner_text", "rdata_from_text", "rdata_text", "read_records", "write_records"]

MAX_GENERATED = 131_072  # of one file, by `$GENERATE`: two networks /16, and a few seconds of work
_DIRECTIVES = ("$ORIGIN", "$TTL", "$GENERATE")  # Lenient: the last is BIND's own
_SINGLE = frozenset({"CNAME", "SOA", "DNAME"})
_MEANT = re.compile(r'["$();@]')  # RFC 1035 §5.1: what a reader would take for more than a letter
_BESIDE_CNAME = frozenset({"CNAME", "NSEC", "RRSIG", "KEY"})  # RFC 4034 §3 and §4, RFC 2535 §2.3.5


def read_records(text: str, origin: str) -> tuple[Record, ...]:
    """Return the records of a master file; raises `RemoteProtocolError` that names the line."""
    tokens = _Tokenizer(text, "zone")
    records = _Records(origin, tokens)
    reader = dns.zonefile.Reader(tokens, IN, records, allow_directives=_DIRECTIVES)
    reader.current_origin = dns.name.from_text(origin or ".", dns.name.root)
    reader.last_name = None
    try:
        reader.read()
    except (dns.exception.DNSException, ValueError) as error:
        raise RemoteProtocolError(f"line {tokens.token_line}: {_complaint(error)}") from error
    return tuple(records.taken)


def write_records(records: Iterable[Record]) -> str:
    """Return a master file of full names, one record a line."""
    return "".join(f"{owner_text(name)} {ttl} IN {rdata.type} {rdata_text(rdata)}\n" for name, ttl, rdata in records)


def owner_text(name: str) -> str:
    """Return a name as a master file has it at the beginning of a line, in full."""
    return f"{_MEANT.sub(_escaped, name)}."


def _escaped(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def rdata_text(rdata: Rdata) -> str:
    """Return a record's data as a master file has it, names in full."""
    octets = rdata.to_wire()
    return dns.rdata.from_wire(IN, RdataType.make(type_number(rdata.type)), octets, 0, len(octets)).to_text()


def rdata_from_text(type_: str, text: str, origin: str = "") -> Rdata:
    """Read a record's data as a master file has it; raises `ValueError` that says what is wrong."""
    try:
        parsed = dns.rdata.from_text(
            IN, type_, text, dns.name.from_text(origin or ".", dns.name.root), relativize=False
        )
    except (dns.exception.DNSException, ValueError) as error:
        raise ValueError(f"{type_} {text!r}: {_complaint(error)}") from error
    return read_rdata(type_, parsed.to_wire() or b"")


class _Tokenizer(dns.tokenizer.Tokenizer):
    """Remembers the line where the last token began; dnspython's own count runs ahead of it."""

    token_line = 1

    def get(self, want_leading: bool = False, want_comment: bool = False) -> dns.tokenizer.Token:
        if self.ungotten_token is None:
            # a line end that was looked at and put back is counted already
            self.token_line = self.line_number - (self.ungotten_char == "\n")
        return super().get(want_leading, want_comment)


class _Records(dns.transaction.Transaction):
    """What the reader writes to: collects records and checks each against those before it."""

    def __init__(self, origin: str, tokens: _Tokenizer) -> None:
        # The reader drops in silence what is not below the manager's origin: the root lets `add` judge instead.
        super().__init__(dns.zonefile.RRSetsReaderManager(dns.name.root, False, IN), replacement=True)
        self._origin = origin
        self._tokens = tokens
        self._line = self._generated = 0
        self._types: dict[str, dict[str, Record]] = {}
        self.taken: list[Record] = []

    def _set_origin(self, origin: dns.name.Name) -> None:
        """Do nothing: `$ORIGIN` completes names, it does not move the zone."""

    def add(self, *args: Any) -> None:
        name, ttl, rdata = args
        assert isinstance(rdata, dns.rdata.Rdata)
        owner, type_ = normal_name(str(name)), type_name(int(rdata.rdtype))
        if not is_at_or_below(owner, self._origin):
            raise ValueError(f"{owner}. is outside of zone {self._origin}.")
        self._count()
        self._check(Record(owner, ttl, read_rdata(type_, rdata.to_wire() or b"")))

    def _count(self) -> None:
        """Bound what lines make that make more than one record."""
        self._generated += self._line == self._tokens.token_line
        self._line = self._tokens.token_line
        if self._generated >= MAX_GENERATED:
            raise ValueError(f"more than {MAX_GENERATED} records by $GENERATE")

    def _check(self, record: Record) -> None:
        types = self._types.setdefault(record.name, {})
        if "CNAME" in types.keys() | {record.type} and (types.keys() | {record.type}) - _BESIDE_CNAME:
            raise ValueError(f"{record.name}. has other records beside a CNAME")  # RFC 2181 §10.1
        first = types.setdefault(record.type, record)
        if first.ttl_seconds != record.ttl_seconds and record.type != "RRSIG":  # RFC 2181 §5.2
            raise ValueError(
                f"{record.name}. {record.type} has TTL {record.ttl_seconds} here and {first.ttl_seconds} before"
            )
        if record.type in _SINGLE and first.rdata != record.rdata:
            raise ValueError(f"{record.name}. has a second {record.type}")
        self.taken.append(record)


def _complaint(error: Exception) -> str:
    """Return what dnspython says, without the place it names (ours is better)."""
    text = str(error)
    return printable(text.partition(": ")[2] if text.startswith("zone:") else text)
