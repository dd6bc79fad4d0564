"""Asks for the TLSA records of one mail host: a check that yields its questions.

Theory of operation. RFC 7672 §2.2.2: the host's address is asked for first. Where that answer is not secure the
host stands in an unsigned zone, and there is no DANE (nor any question for TLSA, which some servers of such
zones cannot answer). Where the host is an alias and all of the chain is secure, the records beside the last name
come first, those beside the first name after them. Where only the alias itself is secure, only the first name
counts. A lookup that fails keeps mail from this host: an attacker who can suppress an answer must gain nothing.

Standards: RFC 7672 §2.1, §2.2.2, §3.2.3; RFC 7671 §7 (aliases).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scop.base import Check
from scop.dane.usable import usable
from scop.dns import CNAME, TLSA, Answer, Question, Security

__all__ = ["DaneState", "TlsaFound", "lookup"]

SMTP_PORT = 25


class DaneState(StrEnum):
    """What a host's records ask of us."""

    NONE = "none"  # no secure records: DANE says nothing
    USABLE = "usable"  # TLS, with a certificate that matches
    UNUSABLE = "unusable"  # TLS, with any certificate (RFC 7672 §2.2)
    FAILED = "failed"  # nothing can be known now: not to this host


@dataclass(frozen=True, slots=True)
class TlsaFound:
    """The records of one host, and the name they stand beside."""

    state: DaneState
    base_domain: str = ""  # the name to send as SNI (RFC 7672 §8.1)
    host: str = ""  # the host as the MX record names it
    records: tuple[TLSA, ...] = ()
    reason: str = ""

    def names(self, domain: str) -> tuple[str, ...]:
        """Return the names of which a certificate under a trust anchor bears one; `domain` is the recipient's."""
        # RFC 7672 §3.2.3: the TLSA base domain, the next-hop domain, and the host before it was expanded
        return tuple(dict.fromkeys((self.base_domain, domain, self.host)))


Lookup = Check[Question, Answer, TlsaFound]


def lookup(host: str, *, port: int = SMTP_PORT) -> Lookup:
    """Ask for the TLSA records of `host`, which a secure MX record (or the domain itself) must have named."""
    if not _is_askable(f"_{port}._tcp.{host}"):
        return TlsaFound(DaneState.NONE, host=host, reason="this is no name that could have records")
    bases = yield from _base_domains(host)
    if isinstance(bases, TlsaFound):
        return bases
    for base in bases:
        answer = yield Question(f"_{port}._tcp.{base}", "TLSA")
        if answer.is_temporary:
            return TlsaFound(DaneState.FAILED, base, host, reason=f"the TLSA records of {base} could not be proved")
        records = tuple(record for record in answer.records if isinstance(record, TLSA))
        if answer.security is Security.SECURE and records:
            return _found(base, host, records)
    return TlsaFound(DaneState.NONE, host=host, reason="there are no secure TLSA records")


def _is_askable(name: str) -> bool:
    try:
        return "[" not in Question(name, "TLSA").name  # an address literal is none
    except ValueError:
        return False


def _base_domains(host: str) -> Check[Question, Answer, tuple[str, ...] | TlsaFound]:
    """Return the names whose records count, in their order, or what is known without them."""
    answer = yield Question(host, "A")
    if answer.is_temporary:
        # An unsigned host may have a broken A and a fine AAAA; whoever can break one answer can break both.
        return TlsaFound(DaneState.FAILED, host=host, reason=f"the address of {host} could not be proved")
    first = answer.question.name
    if answer.security is Security.SECURE:
        return tuple(dict.fromkeys((answer.canonical_name, first)))
    if answer.canonical_name == first:
        return TlsaFound(DaneState.NONE, host=host, reason="the host stands in an unsigned zone")
    alias = yield Question(host, "CNAME")
    if alias.is_temporary:
        return TlsaFound(DaneState.FAILED, host=host, reason=f"the alias {host} could not be proved")
    if alias.security is Security.SECURE and any(isinstance(record, CNAME) for record in alias.records):
        return (first,)
    return TlsaFound(DaneState.NONE, host=host, reason="the host is an alias in an unsigned zone")


def _found(base: str, host: str, records: tuple[TLSA, ...]) -> TlsaFound:
    if usable(records):
        return TlsaFound(DaneState.USABLE, base, host, records)
    return TlsaFound(DaneState.UNUSABLE, base, host, records, "none of the TLSA records can be used")
