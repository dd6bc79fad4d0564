"""Master files: the text form of a zone, read strictly, with the line in every complaint.

dnspython reads the text of records, but for the form that we write ourselves (`own_form`); what it lets pass in silence
(records outside of the zone, TTLs that differ within an RRset) is refused here, because it is an operator's mistake.
`$INCLUDE` is not taken, since a library opens no files. `$GENERATE`, which no standard knows and many a file has, is,
up to a bound.

Standards: RFC 1035 §5, RFC 2181 §5.2, RFC 2308 §4.
"""

from __future__ import annotations

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
from scop.dns.zone.own_form import check_beside, owner_text, rdata_text, read_own_records, write_records

__all__ = [
    "load_all_types",
    "owner_text",
    "rare_rdata_text",
    "rdata_from_text",
    "rdata_text",
    "read_any_records",
    "read_records",
    "write_records",
]

MAX_GENERATED = 131_072  # of one file, by `$GENERATE`: two networks /16, and a few seconds of work
_DIRECTIVES = ("$ORIGIN", "$TTL", "$GENERATE")  # Lenient: the last is BIND's own


def load_all_types() -> None:
    """Import what reads and writes each type now, not at its first sight."""
    dns.rdata.load_all_types()  # type: ignore[no-untyped-call]  # dnspython has forgotten to annotate it


def read_records(text: str, origin: str) -> tuple[Record, ...]:
    """Return the records of a master file; raises `RemoteProtocolError` that names the line."""
    own = read_own_records(text, origin)
    return read_any_records(text, origin) if own is None else own


def read_any_records(text: str, origin: str, *, default_ttl: int | None = None) -> tuple[Record, ...]:
    """Do the same, whoever wrote the file; with a `default_ttl` neither $TTL nor a TTL has to stand in it."""
    tokens = _Tokenizer(text, "zone")
    records = _Records(origin, tokens)
    reader = dns.zonefile.Reader(tokens, IN, records, allow_directives=_DIRECTIVES)
    reader.current_origin = dns.name.from_text(origin or ".", dns.name.root)
    reader.last_name = None
    if default_ttl is not None:
        reader.default_ttl, reader.default_ttl_known = default_ttl, True
    try:
        reader.read()
    except (dns.exception.DNSException, ValueError) as error:
        raise RemoteProtocolError(f"line {tokens.token_line}: {_complaint(error)}") from error
    return tuple(records.taken)


def rare_rdata_text(rdata: Rdata) -> str:
    """Return a record's data as a master file has it, names in full; of any type."""
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
        record = Record(owner, ttl, read_rdata(type_, rdata.to_wire() or b""))
        check_beside(self._types, record)
        self.taken.append(record)

    def _count(self) -> None:
        """Bound what lines make that make more than one record."""
        self._generated += self._line == self._tokens.token_line
        self._line = self._tokens.token_line
        if self._generated >= MAX_GENERATED:
            raise ValueError(f"more than {MAX_GENERATED} records by $GENERATE")


def _complaint(error: Exception) -> str:
    """Return what dnspython says, without the place it names (ours is better)."""
    text = str(error)
    said = text.partition(": ")[2] if text.startswith("zone:") else text
    if said.rstrip(".") == "Text input is malformed":  # all that it says of an address
        return "a value is malformed for this type of record"
    return printable(said)
