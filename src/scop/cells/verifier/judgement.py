"""What is found out about one mail: SPF and DKIM at once, then DMARC, within a bounded time.

Standards: RFC 7208 §2.4 (identity), §4.6.4 (20 seconds), RFC 6376 §8.2 (l=), RFC 8601 §2.7.1 (policy), RFC 9989 §5.3.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace

from scop.base import printable
from scop.dkim import DkimResult, DkimWord, verify
from scop.dmarc import DmarcResult, author_domains, evaluate_authors
from scop.dns import Answer, Question, Rcode, Security
from scop.dns.words import least_sure
from scop.mime import parse
from scop.net.dns_client import Names, drive
from scop.smtp import Mailbox
from scop.spf import SpfOptions, SpfResult, SpfWord, check_mail_from
from scop.spf.address import Address

__all__ = ["JUDGEMENT_SECONDS", "Judgement", "Sending", "judge"]

JUDGEMENT_SECONDS = 20.0  # RFC 7208 §4.6.4: at least 20; a pipe gives up after 30


@dataclass(frozen=True, slots=True)
class Sending:
    """How a mail came in: the client's address and name for itself, and the reverse-path."""

    address: str
    helo: str
    mail_from: Mailbox | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that was found out."""

    sending: Sending
    author_domains: tuple[str, ...]
    spf: SpfResult
    dkim: tuple[DkimResult, ...]
    dmarc: DmarcResult
    names: Security = Security.INSECURE  # how sure the least sure of the answers was that it stands on


class _BoundedNames:
    """Asks `names` until a deadline, notes how sure the answers are; what is not answered then never will be."""

    __slots__ = ("_deadline", "_names", "security")

    def __init__(self, names: Names, deadline: float) -> None:
        self._names = names
        self._deadline = deadline
        self.security = Security.SECURE

    async def lookup(self, question: Question) -> Answer:
        answer = await self._lookup(question)
        self.security = least_sure(self.security, answer.security)
        return answer

    async def _lookup(self, question: Question) -> Answer:
        try:
            async with asyncio.timeout_at(self._deadline):
                return await self._names.lookup(question)
        except TimeoutError:
            return Answer(question, Rcode.SERVFAIL)


async def judge(
    octets: bytes, sending: Sending, names: Names, *, now_unix: float, seconds: float = JUDGEMENT_SECONDS
) -> Judgement:
    """Return what SPF, DKIM and DMARC say about the mail; each ends by `seconds` from now."""
    bounded = _BoundedNames(names, asyncio.get_running_loop().time() + seconds)
    spf, signatures = await asyncio.gather(
        _check_spf(sending, bounded, now_unix), drive(verify(octets, now=now_unix), bounded)
    )
    dkim = tuple(map(_wholly_signed, signatures))
    domains = author_domains(parse(octets))
    dmarc = await drive(evaluate_authors(domains, spf, dkim), bounded)
    return Judgement(sending, domains, spf, dkim, dmarc, bounded.security)


async def _check_spf(sending: Sending, names: Names, now_unix: float) -> SpfResult:
    sender = sending.mail_from
    identity = f"{sender.local_part}@{sender.domain_key}" if sender else ""
    try:
        Address.parse(sending.address)
    except ValueError:
        # RFC 7208 §2.6.1: without a client address there is nothing to check
        return SpfResult(SpfWord.NONE, reason=f"no client address: {printable(sending.address)!r}")
    options = SpfOptions(now_unix=int(now_unix))
    return await drive(check_mail_from(sending.address, identity, sending.helo, options), names)


def _wholly_signed(result: DkimResult) -> DkimResult:
    # Stricter than RFC 6376 §3.5: whoever appended text to a mail signed with l= is not its author
    if result.result is DkimWord.PASS and result.unsigned_octets:
        return replace(result, result=DkimWord.POLICY, reason=f"{result.unsigned_octets} octets are not signed")
    return result
