"""Master files: the text form of a zone, read strictly, with the line in every complaint.

dnspython reads the records; what it lets pass in silence (records outside of the zone, TTLs that
differ within an RRset) is refused here, because it is an operator's mistake. `$INCLUDE` is not
taken, since a library opens no files, nor is `$GENERATE`, which no standard knows.

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
from dns.name import Name
from dns.rdataclass import IN
from dns.rdataset import Rdataset
from dns.rdatatype import RdataType

from scop.base import RemoteProtocolError, printable

__all__ = ["read_nodes"]

_DIRECTIVES = ("$ORIGIN", "$TTL")


def read_nodes(text: str, origin: Name) -> dict[Name, dict[RdataType, Rdataset]]:
    """Return the records of a master file; raises `RemoteProtocolError` that names the line."""
    tokens = _Tokenizer(text, "zone")
    records = _Records(origin)
    reader = dns.zonefile.Reader(tokens, IN, records, allow_directives=_DIRECTIVES)
    reader.current_origin = origin
    reader.last_name = None
    try:
        reader.read()
    except (dns.exception.DNSException, ValueError) as error:
        raise RemoteProtocolError(f"line {tokens.token_line}: {_complaint(error)}") from error
    return records.nodes


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

    def __init__(self, origin: Name) -> None:
        # The reader drops in silence what is not below the manager's origin: the root lets `add` judge instead.
        super().__init__(dns.zonefile.RRSetsReaderManager(dns.name.root, False, IN), replacement=True)
        self._origin = origin
        self.nodes: dict[Name, dict[RdataType, Rdataset]] = {}

    def _set_origin(self, origin: Name) -> None:
        """Do nothing: `$ORIGIN` completes names, it does not move the zone."""

    def add(self, *args: Any) -> None:
        name, ttl, rdata = args
        assert isinstance(name, Name)
        assert isinstance(rdata, dns.rdata.Rdata)
        if not name.is_subdomain(self._origin):
            raise ValueError(f"{name} is outside of zone {self._origin}")
        node = self.nodes.setdefault(name, {})
        alone = node.keys() - {rdata.rdtype}
        if alone and (rdata.rdtype is RdataType.CNAME or RdataType.CNAME in alone):  # RFC 2181 §10.1
            raise ValueError(f"{name} has other records beside a CNAME")
        self._add_to_rrset(name, node, ttl, rdata)

    def _add_to_rrset(self, name: Name, node: dict[RdataType, Rdataset], ttl: int, rdata: dns.rdata.Rdata) -> None:
        rdataset = node.get(rdata.rdtype)
        if rdataset is None:
            rdataset = node[rdata.rdtype] = Rdataset(IN, rdata.rdtype, rdata.covers(), ttl)
        elif rdataset.ttl != ttl:  # RFC 2181 §5.2
            raise ValueError(f"{name} {rdata.rdtype.name} has TTL {ttl} here and {rdataset.ttl} before")
        elif rdata.rdtype in (RdataType.CNAME, RdataType.SOA, RdataType.DNAME) and rdata not in rdataset:
            raise ValueError(f"{name} has a second {rdata.rdtype.name}")
        rdataset.add(rdata, ttl)


def _complaint(error: Exception) -> str:
    """Return what dnspython says, without the place it names (ours is better)."""
    text = str(error)
    return printable(text.partition(": ")[2] if text.startswith("zone:") else text)
