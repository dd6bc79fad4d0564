"""A judgement in the words in which the reporter counts, and the deeds that the firewall weighs.

Standards: RFC 9990 §3.1 (what an aggregate report says of a mail), RFC 9989 §5.4 (deviations are reported).
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.base import printable
from scop.cells.verifier.judgement import Judgement
from scop.cells.verifier.verdict import Decision, Verdict
from scop.dkim import DkimWord
from scop.dmarc import Action, Disposition, DmarcWord, OverrideWord
from scop.dmarc.record import Policy
from scop.mesh.vocabulary.reporter import DkimJudged, JudgedMail, Override, PublishedPolicy
from scop.spf import SpfWord

__all__ = ["Letter", "judged_mail"]

MAX_COMMENT = 200  # characters that go to a stranger

# RFC 9989 §4.7, fo: d is for a signature that failed, s for SPF that did
_FAILED_DKIM = frozenset({DkimWord.FAIL, DkimWord.POLICY, DkimWord.PERMERROR})
_FAILED_SPF = frozenset({SpfWord.FAIL, SpfWord.SOFTFAIL, SpfWord.PERMERROR})


@dataclass(frozen=True, slots=True)
class Letter:
    """What is told of a mail beside its judgement; `header` only where failure reports are switched on."""

    unix: float
    trace: str
    recipient_domain: str
    header: bytes = b""


def judged_mail(judgement: Judgement, verdict: Verdict, letter: Letter) -> JudgedMail | None:
    """Return what the domain owner is to learn; None where nobody published a policy."""
    dmarc, sending = judgement.dmarc, judgement.sending
    if dmarc.published is None:
        return None
    return JudgedMail(
        unix=letter.unix,
        trace=letter.trace,
        source_address=printable(sending.address),
        author_domain=dmarc.author_domain,
        envelope_from=sending.mail_from.domain_key if sending.mail_from else "",
        envelope_to=letter.recipient_domain,
        policy=_published(dmarc.policy_domain, dmarc.published),
        disposition=str(Action.REJECT if verdict.decision is Decision.REFUSE else dmarc.action),
        dkim_aligned=dmarc.dkim_aligned,
        spf_aligned=dmarc.spf_aligned,
        spf_domain=judgement.spf.domain,
        spf_scope="mfrom",  # RFC 9990, SPFDomainScope: no other counts
        spf_result=str(judgement.spf.result),
        dkim=tuple(DkimJudged(one.domain, one.selector, str(one.result)) for one in judgement.dkim if one.domain),
        overrides=_overrides(judgement, verdict),
        header=letter.header if _may_be_shown(judgement) else b"",
    )


def _published(domain: str, record: Policy) -> PublishedPolicy:
    return PublishedPolicy(
        domain=domain,
        p=record.tag("p"),
        sp=record.tag("sp"),
        np=record.tag("np"),
        adkim=record.tag("adkim"),
        aspf=record.tag("aspf"),
        testing=record.tag("t"),
        rua=record.aggregate_uris,
        ruf=record.failure_uris,
        fo=record.tag("fo"),
    )


def _overrides(judgement: Judgement, verdict: Verdict) -> tuple[Override, ...]:
    dmarc = judgement.dmarc
    found = tuple(Override(str(one.word), printable(one.comment, limit=MAX_COMMENT)) for one in dmarc.overrides)
    if verdict.decision is Decision.REFUSE and dmarc.action is not Action.REJECT:
        # RFC 9989 §5.4: refused for another reason than the policy
        return (*found, Override(str(OverrideWord.LOCAL_POLICY), printable(verdict.sentence, limit=MAX_COMMENT)))
    if dmarc.result is DmarcWord.TEMPERROR and dmarc.policy is not Disposition.NONE:
        # RFC 9990 §3.1.1.9: neither aligned nor treated by the policy, and so never without a reason
        return (*found, Override(str(OverrideWord.OTHER), "the DNS did not answer"))
    return found


def _may_be_shown(judgement: Judgement) -> bool:
    """Say whether the author domain asks for failure reports and there was a failure."""
    published = judgement.dmarc.published
    if published is None or not published.failure_uris:
        return False
    # RFC 9990 §7.3: whoever keeps a public suffix sees no single mails of those who live below it.
    return published.public_suffix != "y" and _fails(judgement, published.failure_options)


def _fails(judgement: Judgement, options: frozenset[str]) -> bool:
    # RFC 9989 §4.7, fo
    dmarc = judgement.dmarc
    each = {
        "0": not (dmarc.spf_aligned or dmarc.dkim_aligned),
        "1": not (dmarc.spf_aligned and dmarc.dkim_aligned),
        "d": any(one.result in _FAILED_DKIM for one in judgement.dkim),
        "s": judgement.spf.result in _FAILED_SPF,
    }
    return dmarc.result in (DmarcWord.PASS, DmarcWord.FAIL) and any(each[option] for option in options)
