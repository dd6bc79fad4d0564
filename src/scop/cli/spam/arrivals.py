"""How a mail came to a mail server that is not ours, read from the `Received` field that this server wrote on top.

A milter is told who brings a mail, and sees it before that field is there. A mail in a Maildir, behind the first half
of a Postfix, or on a standard input bears it, and maybe others above it, of the way through the house. Read here,
and taken off, each mail is the same mail with the same facts wherever it is learned or weighed.

Which servers are ours is told by the domains that are ours (`scop spam train --domain`); what they wrote is found from
the top down to where a mail came from outside, so nothing that was brought along is believed.

Standards: RFC 5321 §4.4; the forms of Postfix, Sendmail, Exim and our own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Set

from scop.spam.connection import Connection
from scop.spam.evidence.hosts import registered_domain

__all__ = ["arrival_of"]

MAX_FIELDS = 60  # from the top; ours stand there
MAX_FIELD_OCTETS = 4_000

_FIELD = re.compile(rb"([!-9;-~]+)[ \t]*:([^\n]*\n(?:[ \t][^\n]*\n)*)")
_BLANKS = re.compile(r"\s+")
_FROM = re.compile(r"from (\S{1,255}) \((?:(\S{1,255}) )?\[(?:IPv6:)?([0-9a-f.:]{2,45})\]", re.IGNORECASE)
_BY = re.compile(r" by ([\w.-]{1,255})")
_TLS = re.compile(r"\((?:using |version=)?(TLSv[0-9.]{1,5})[ :)]")
_UNKNOWN = "unknown"


def arrival_of(octets: bytes, own_domains: Set[str], address: str = "") -> tuple[bytes, Connection | None]:
    """Return what stands below the field that a server of ours wrote, and what that tells; else all, and None.

    A server is ours by its domain, or because it writes of the client `address`, which is known from it. Line ends may
    be LF or CRLF.
    """
    below, connection = octets, None
    for end, field in _received(octets):
        told = _connection(field)
        by = _BY.search(field)
        is_ours = by is not None and registered_domain(by[1].lower()) in own_domains
        if told is None or not (is_ours or (address and told.address == address.lower())):
            break
        below, connection = octets[end:], told
        if not _is_inside(told, own_domains):
            break
    return below, connection


def _received(octets: bytes) -> Iterator[tuple[int, str]]:
    """Yield the `Received` fields from the top, unfolded, each with where it ends."""
    position = 0
    for _ in range(MAX_FIELDS):
        found = _FIELD.match(octets, position)
        if found is None:
            return
        position = found.end()
        if found[1].lower() == b"received":
            text = found[2][:MAX_FIELD_OCTETS].decode("utf-8", "replace")
            yield position, _BLANKS.sub(" ", text).strip()


def _connection(field: str) -> Connection | None:
    facts, _, date = field.rpartition("; ")
    found = _FROM.match(facts)
    if found is None:
        return None
    tls = _TLS.search(facts)
    name = (found[2] or "").lower()
    return Connection(
        address=found[3].lower(),
        name="" if name == _UNKNOWN else name,
        helo=found[1],
        tls=tls[1] if tls else "",
        date=date,
    )


def _is_inside(client: Connection, own_domains: Set[str]) -> bool:
    """Tell whether a server of ours brought the mail: itself, or one that the DNS calls ours."""
    is_itself = client.address.startswith("127.") or client.address == "::1"
    return is_itself or (client.name != "" and registered_domain(client.name) in own_domains)
