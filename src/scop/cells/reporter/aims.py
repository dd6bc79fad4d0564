"""Finds out where the reports about a domain may be sent: for DMARC by its record, for TLS by a record of its own.

Standards: RFC 9990 §3.5 and §4 (rua, external destinations), RFC 8460 §3 (`_smtp._tls`), §3.1 (the record's text).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from scop.base import Check, printable
from scop.dmarc.destinations import (
    MAX_DESTINATIONS,
    Destination,
    DestinationWord,
    ReportKind,
    mailto_address,
    verify_destinations,
)
from scop.dns import TXT, Answer, Question
from scop.net.dns_client import Names, drive
from scop.smtp import Mailbox

__all__ = ["Aim", "aim_of_dmarc", "aim_of_tls"]

# RFC 8460 §3.1: the version, then tags of which only rua is defined; whatever else there is, is passed over.
_TLS_RECORD = re.compile(r"v=TLSRPTv1[ \t]*;(?P<tags>.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Aim:
    """Where reports about one domain go; `is_open` while the DNS has not said all of it."""

    addresses: tuple[str, ...] = ()
    unsupported: tuple[str, ...] = ()  # URIs that we cannot deliver to
    reasons: tuple[str, ...] = ()  # why others were left out
    is_open: bool = False

    @property
    def is_wanted(self) -> bool:
        """Whether a report is to be made."""
        return bool(self.addresses or self.unsupported)


async def aim_of_dmarc(domain: str, uris: Sequence[str], names: Names, kind: ReportKind = ReportKind.AGGREGATE) -> Aim:
    """Return where reports about a policy domain go whose record names these URIs."""
    return _aim(await drive(verify_destinations(domain, uris, kind), names))


async def aim_of_tls(domain: str, names: Names) -> Aim:
    """Return where TLS reports about a destination go."""
    return await drive(_tls_check(domain), names)


def _aim(found: Iterable[Destination]) -> Aim:
    destinations = tuple(found)
    addresses, odd = _addresses(address for one in destinations for address in one.addresses)
    return Aim(
        addresses=addresses,
        unsupported=tuple(printable(one.uri) for one in destinations if one.word is DestinationWord.UNSUPPORTED),
        reasons=(*(one.reason for one in destinations if one.word is not DestinationWord.VERIFIED), *odd),
        is_open=any(one.word is DestinationWord.TEMPERROR for one in destinations),
    )


def _addresses(stated: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return those that a letter can go to, up to our limit, and why others are left out (RFC 9990 §3.5: ignored)."""
    addresses: list[str] = []
    odd: list[str] = []
    for address in dict.fromkeys(stated):
        if not _is_sendable(address):
            odd.append(f"no mail can be sent to {printable(address)}")
        elif len(addresses) < MAX_DESTINATIONS:  # also of those that a destination's own record names instead
            addresses.append(address)
    return tuple(addresses), tuple(odd[:MAX_DESTINATIONS])


def _is_sendable(address: str) -> bool:
    """Say whether an address is one of RFC 5321 in ASCII: a report reaches also those who have no SMTPUTF8."""
    try:
        Mailbox.parse(address)
    except ValueError:
        return False
    return address.isascii()


def _tls_check(domain: str) -> Check[Question, Answer, Aim]:
    answer = yield Question(f"_smtp._tls.{domain}", "TXT")
    if answer.is_temporary:
        return Aim(reasons=(f"no answer for _smtp._tls.{domain} TXT",), is_open=True)
    texts = (record.joined.decode("utf-8", "replace") for record in answer.records if isinstance(record, TXT))
    records = [text for text in texts if text.startswith("v=TLSRPTv1")]
    if not records:
        return Aim(reasons=(f"{domain} asks for no TLS reports",))
    if len(records) > 1:  # RFC 8460 §3.1: then it is as if there were none
        return Aim(reasons=(f"{domain} has {len(records)} TLS-RPT records",))
    uris = _tls_uris(records[0])
    if not uris:
        return Aim(reasons=(f"the TLS-RPT record of {domain} is malformed: {printable(records[0])}",))
    stated = {uri: mailto_address(uri) for uri in uris}
    addresses, odd = _addresses(address for address in stated.values() if address)
    return Aim(addresses, tuple(printable(uri) for uri, address in stated.items() if not address), odd)


def _tls_uris(record: str) -> tuple[str, ...]:
    found = _TLS_RECORD.fullmatch(record)
    if found is None:
        return ()
    for tag in found["tags"].split(";"):
        name, equals, value = tag.partition("=")
        if equals and name.strip() == "rua":
            uris = (uri.strip() for uri in value.split(","))
            return tuple(uri for uri in dict.fromkeys(uris) if uri)[:MAX_DESTINATIONS]
    return ()
