"""What is found out about one mail: SPF, DKIM, ARC and iprev side by side, then DMARC, within a bounded time.

The verifier judges by it, and so does `scop mail verify`; nothing here knows of a mesh.

Standards: RFC 7208 §2.3, §2.4 (identities), §4.6.4 (20 seconds), RFC 6376 §8.2 (l=), RFC 8601 §2.7.1 (policy), RFC 8617
§5.2 (ARC), RFC 9989 §3.2.4 (MAIL FROM counts), §5.3 (DMARC).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import lru_cache
from types import MappingProxyType

from scop.arc import ArcResult, validate
from scop.base import Check, printable
from scop.cells.verifier.inquiry import AtWork, Course, Inquiry
from scop.dkim import DkimResult, DkimWord, verify
from scop.dmarc import Authorship, DmarcResult, evaluate_authors, read_authorship, strictly
from scop.dmarc.author import MAX_AUTHOR_DOMAINS
from scop.dmarc.discovery import seek_policies
from scop.dmarc.overrides import Evidence, OverrideOptions, with_overrides
from scop.dns import Answer, Question, Security
from scop.dns.words import least_sure
from scop.iprev import IprevWord, ReverseName, reverse_name
from scop.mime import Limits, parse
from scop.net.dns_client import Names
from scop.net.noted_names import Asked
from scop.smtp import Mailbox
from scop.spf import SpfOptions, SpfResult, SpfWord, check_helo, check_mail_from
from scop.spf.address import Address

__all__ = ["JudgeOptions", "Judgement", "Sending", "judge"]

MAX_KNOWN_CLIENTS = 1024  # whose addresses need not be read again
JUDGEMENT_SECONDS = 20.0  # RFC 7208 §4.6.4: at least 20; a pipe gives up after 30


_HEADER_ONLY = Limits(depth=0)  # who the author is does not stand in parts


@dataclass(frozen=True, slots=True)
class Sending:
    """How a mail came in: the client's address and its name for itself, the reverse-path.

    `name` is what the DNS calls the address, where whoever took the mail has confirmed it already.
    """

    address: str
    helo: str
    mail_from: Mailbox | None
    name: str = ""


@dataclass(frozen=True, slots=True)
class JudgeOptions:
    """Whom we trust, and how long a mail may wait; `notes_steps` has SPF tell how it came to its results.

    `at_work` is entered for each stretch of work on the mail, and left while it waits for the DNS.
    """

    overrides: OverrideOptions = field(default_factory=OverrideOptions)
    seconds: float = JUDGEMENT_SECONDS
    notes_steps: bool = False
    at_work: AtWork = nullcontext


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everything that was found out.

    `spf` is about MAIL FROM, the identity that DMARC counts; `helo` about the client's name for itself, which for an
    empty reverse-path is the same. `asked` holds the questions of each check, by its name.
    """

    sending: Sending
    authorship: Authorship
    spf: SpfResult
    helo: SpfResult
    dkim: tuple[DkimResult, ...]
    arc: ArcResult
    reverse: ReverseName
    dmarc: DmarcResult
    may_be_spared: bool = False  # a seal that we might believe could not be checked now
    names: Security = Security.INSECURE  # how sure the least sure of the answers is that DMARC stands on
    asked: Mapping[str, tuple[Asked, ...]] = field(default_factory=lambda: MappingProxyType({}))


_DEFAULTS = JudgeOptions()


async def judge(
    octets: bytes, sending: Sending, names: Names, *, now_unix: float, options: JudgeOptions = _DEFAULTS
) -> Judgement:
    """Return what every check says about the mail; each ends by `options.seconds` from now."""
    inquiry = Inquiry(names, asyncio.get_running_loop().time() + options.seconds, options.at_work)
    spf_options = SpfOptions(now_unix=int(now_unix), notes_steps=options.notes_steps)
    with inquiry.at_work():
        spf = Course(_mail_from(sending, spf_options), inquiry)
        helo = Course(_helo(sending, spf_options), inquiry) if sending.mail_from else spf
        dkim = Course(verify(octets, now=now_unix), inquiry)
        arc = Course(validate(octets, now=now_unix), inquiry)
        reverse = Course(_reverse(sending), inquiry)
        authorship = read_authorship(parse(octets, limits=_HEADER_ONLY))
    await _finish(inquiry, authorship, spf, helo, dkim, arc, reverse)
    signatures = tuple(map(_wholly_signed, dkim.outcome))
    with inquiry.at_work():
        dmarc = Course(evaluate_authors(authorship.domains, spf.outcome, signatures), inquiry)
    await inquiry.finish(dmarc)
    evidence = Evidence(
        sending.address,
        _authenticated(spf.outcome, signatures),
        arc.outcome,
        is_ambiguous=authorship.misleads,
        has_several_authors=len(authorship.domains) > 1,
    )
    result = with_overrides(strictly(dmarc.outcome, authorship), evidence, options.overrides)
    return Judgement(
        sending,
        authorship,
        spf.outcome,
        helo.outcome,
        signatures,
        arc.outcome,
        reverse.outcome,
        result,
        bool(options.overrides.trusted_sealers) and arc.outcome.is_temporary,
        _least_sure(spf, dkim, dmarc),
        _asked(spf=spf, helo=helo, dkim=dkim, arc=arc, iprev=reverse, dmarc=dmarc),
    )


async def _finish(inquiry: Inquiry, authorship: Authorship, *courses: Course[object]) -> None:
    """Carry the first checks to their ends; where they wait for the DNS, the policies are asked for meanwhile."""
    if any(course.question is not None for course in courses):
        # Else names of a forger, whose servers are slow, would have the time run out before anybody asks for them
        courses += (Course(seek_policies(authorship.domains[:MAX_AUTHOR_DOMAINS]), inquiry),)
        await inquiry.finish(*courses)


def _least_sure(*courses: Course[object]) -> Security:
    return least_sure(Security.SECURE, *(one.answer.security for course in courses for one in course.asked))


def _asked(**courses: Course[object]) -> Mapping[str, tuple[Asked, ...]]:
    return MappingProxyType({name: tuple(course.asked) for name, course in courses.items()})


def _mail_from(sending: Sending, options: SpfOptions) -> Check[Question, Answer, SpfResult]:
    if not _is_address(sending.address):
        return _no_address(sending)
    sender = sending.mail_from
    # RFC 7208 §2.4: for an empty reverse-path it is postmaster at the HELO name
    identity = f"{sender.local_part}@{sender.domain_key}" if sender else ""
    return (yield from check_mail_from(sending.address, identity, sending.helo, options))


def _helo(sending: Sending, options: SpfOptions) -> Check[Question, Answer, SpfResult]:
    if not _is_address(sending.address):
        return _no_address(sending)
    return (yield from check_helo(sending.address, sending.helo, options))


def _no_address(sending: Sending) -> SpfResult:
    # RFC 7208 §2.6.1: without a client address there is nothing to check
    return SpfResult(SpfWord.NONE, reason=f"no client address: {printable(sending.address)!r}")


@lru_cache(maxsize=MAX_KNOWN_CLIENTS)
def _is_address(text: str) -> bool:
    try:
        Address.parse(text)
    except ValueError:
        return False
    return True


def _reverse(sending: Sending) -> Check[Question, Answer, ReverseName]:
    # Whoever took the mail has asked for the name already
    return ReverseName(IprevWord.PASS, sending.name) if sending.name else (yield from reverse_name(sending.address))


def _authenticated(spf: SpfResult, signatures: tuple[DkimResult, ...]) -> tuple[str, ...]:
    from_spf = (spf.domain,) if spf.result is SpfWord.PASS else ()
    return (*from_spf, *(one.domain for one in signatures if one.result is DkimWord.PASS))


def _wholly_signed(result: DkimResult) -> DkimResult:
    # Stricter than RFC 6376 §3.5: whoever appended text to a mail signed with l= is not its author
    if result.result is DkimWord.PASS and result.unsigned_octets:
        return replace(result, result=DkimWord.POLICY, reason=f"{result.unsigned_octets} octets are not signed")
    return result
