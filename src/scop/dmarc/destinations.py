"""Where reports may go: nobody is sent reports of a domain that is not his and that he did not ask for.

A record may name addresses at other organizations. Each of those must say by a record of its own that it wants
the reports, or a forger's policy would flood whomever it names. The check is a generator of DNS questions.

Standards: RFC 9990 §4 (external destinations), RFC 9989 §4.7 (rua, ruf), §11.6, RFC 6068 §2 (mailto).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from scop.base import Check, a_labels, printable
from scop.dmarc.record import Policy, parse_policy
from scop.dmarc.tree_walk import Asking, NoAnswer, TreeWalk
from scop.dns import TXT, Answer, Question
from scop.dns.names import is_askable

__all__ = [
    "Destination",
    "DestinationWord",
    "ReportKind",
    "mailto_address",
    "verify_destinations",
]

MAX_DESTINATIONS = 10  # RFC 9990 §3.5: up to the receiver's limits; each may cost a tree walk

_ADDRESS = re.compile(r"[^\x00-\x20\x7f<>()\[\]:;,\\\"@]+@([^\x00-\x20\x7f<>()\[\]:;,\\\"@]+)")
_QUOTED_OCTET = re.compile(rb"%([0-9A-Fa-f]{2})")  # RFC 3986 §2.1


class ReportKind(StrEnum):
    """The tag in which a record asks for reports."""

    AGGREGATE = "rua"
    FAILURE = "ruf"


class DestinationWord(StrEnum):
    """What came of one URI."""

    VERIFIED = "verified"  # within the organization, or wanted there
    REFUSED = "refused"  # nobody there asked for it
    UNSUPPORTED = "unsupported"  # no mailto
    TEMPERROR = "temperror"  # the DNS did not answer


@dataclass(frozen=True, slots=True)
class Destination:
    """One URI of a record, and the addresses that its reports may be mailed to: none unless it is verified."""

    uri: str
    word: DestinationWord
    addresses: tuple[str, ...] = ()
    reason: str = ""


def verify_destinations(
    policy_domain: str, uris: Sequence[str], kind: ReportKind = ReportKind.AGGREGATE
) -> Check[Question, Answer, tuple[Destination, ...]]:
    """Return what is to be thought of each of the first ten URIs, in their order."""
    walk = TreeWalk()
    domain = a_labels(policy_domain.removesuffix("."))
    found: list[Destination] = []
    for uri in tuple(dict.fromkeys(uris))[:MAX_DESTINATIONS]:
        one = yield from _verify(walk, domain, uri, kind)
        found.append(one)
    return tuple(found)


def mailto_address(uri: str) -> str | None:
    """Return the one address of a `mailto:` URI, its domain in A-labels; None where it is none."""
    scheme, colon, rest = uri.partition(":")
    if not colon or scheme.lower() != "mailto":
        return None
    # RFC 6068 §2: header fields behind "?" are for people who write
    address = _unquoted(rest.partition("?")[0])
    if not _ADDRESS.fullmatch(address):
        return None
    local_part, _, host = address.rpartition("@")
    return f"{local_part}@{a_labels(host.removesuffix('.'))}"


def _unquoted(text: str) -> str:
    octets = _QUOTED_OCTET.sub(lambda found: bytes.fromhex(found[1].decode()), text.encode("utf-8", "replace"))
    return octets.decode("utf-8", "replace")


def _verify(walk: TreeWalk, domain: str, uri: str, kind: ReportKind) -> Asking[Destination]:
    address = mailto_address(uri)
    if address is None:
        return Destination(uri, DestinationWord.UNSUPPORTED, reason=f"{printable(uri)} is no mailto address")
    host = address.rpartition("@")[2]
    try:
        # RFC 9990 §4: within one organization nothing is to be verified
        if host == domain or (yield from walk.organization_of(host)) == (yield from walk.organization_of(domain)):
            return Destination(uri, DestinationWord.VERIFIED, (address,), f"{host} is of the same organization")
        records = yield from _records_at(f"{domain}._report._dmarc.{host}")
    except NoAnswer as fault:
        return Destination(uri, DestinationWord.TEMPERROR, reason=str(fault))
    # Steps 7 and 8
    if not records:
        return Destination(uri, DestinationWord.REFUSED, reason=f"{host} does not ask for reports of {domain}")
    return _overridden(uri, address, records, kind)


def _records_at(name: str) -> Asking[tuple[Policy, ...]]:
    # Step 4
    if not is_askable(name):
        return ()
    # Step 5
    answer = yield Question(name, "TXT")
    if answer.is_temporary:
        raise NoAnswer(f"no answer for {name} TXT")
    # Step 6
    texts = (record.joined for record in answer.records if isinstance(record, TXT))
    return tuple(policy for policy in map(parse_policy, texts) if policy is not None)


def _overridden(uri: str, address: str, records: tuple[Policy, ...], kind: ReportKind) -> Destination:
    """Return the destination, or the one at the same host that the consumer wants instead of it."""
    host = address.rpartition("@")[2]
    stated = (one.aggregate_uris if kind is ReportKind.AGGREGATE else one.failure_uris for one in records)
    wanted = next((uris for uris in stated if uris), ())
    if not wanted:
        return Destination(uri, DestinationWord.VERIFIED, (address,), f"{host} asks for these reports")
    addresses = tuple(found for found in map(mailto_address, wanted) if found is not None)
    # Step 9: the host stays the same, or there is no report at all
    if not addresses or any(one.rpartition("@")[2] != host for one in addresses):
        return Destination(uri, DestinationWord.REFUSED, reason=f"{host} would have them sent elsewhere")
    return Destination(uri, DestinationWord.VERIFIED, addresses, f"{host} asks for them at another address")
