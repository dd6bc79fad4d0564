"""What a judgement means for the mail, and the one sentence that says why.

Standards: RFC 9989 §5.3.6, §5.4, §7.2, §B.3.1 (what is done), RFC 5322 §3.6 (From is a must), RFC 3463 §3.8 (codes).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scop.base import printable
from scop.cells.verifier.judgement import Judgement
from scop.dmarc import Disposition, DmarcResult, DmarcWord, Doubt, DoubtWord
from scop.dmarc.author import MAX_AUTHOR_DOMAINS
from scop.smtp import Reply, reply
from scop.spf import SpfWord

__all__ = ["Decision", "Verdict", "decide"]

MAX_DOMAIN_CHARACTERS = 100  # of one domain in a reply
MAX_NAMED = 3  # signing domains that are named to a sender

# Other doubts are judged on the strictest reading: nothing passes, and the strictest policy of all domains applies
_REFUSED = {
    DoubtWord.NO_FROM: "There is no From field",
    DoubtWord.NO_AUTHOR_DOMAIN: "From names no address with a domain",
    DoubtWord.SEVERAL_FROM: "There is more than one From field",
    DoubtWord.IMPOSSIBLE_DOMAIN: "From names a domain that cannot exist",
    DoubtWord.MANY_DOMAINS: f"From names more than {MAX_AUTHOR_DOMAINS} domains",
    DoubtWord.HIDDEN_FROM: "A From field stands where only some readers see it",
    DoubtWord.CONTROL_CHARACTER: "Control characters stand in the header",
}


class Decision(StrEnum):
    """What is done with a mail."""

    DELIVER = "deliver"
    QUARANTINE = "quarantine"  # labelled, and filed apart
    REFUSE = "refuse"  # for all recipients
    DEFER = "defer"  # the sender is asked to come again


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is done, the sentence that decides, and the reply where the mail does not go on.

    Both are fit for the sender's eyes: they say nothing but what the mail and the public DNS say.
    """

    decision: Decision
    sentence: str
    reply: Reply | None = None


def decide(judgement: Judgement) -> Verdict:
    """Return what is to be done with the mail."""
    dmarc = judgement.dmarc
    if (doubt := _unbearable(judgement)) is not None:
        return _doubted(doubt, judgement)
    if _is_open(judgement):
        return _deferred(dmarc)
    if dmarc.disposition is Disposition.REJECT:
        return _refused(judgement)
    if dmarc.disposition is Disposition.QUARANTINE:
        return Verdict(Decision.QUARANTINE, _quarantined(judgement))
    return Verdict(Decision.DELIVER, _delivered(judgement))


def _unbearable(judgement: Judgement) -> Doubt | None:
    return next((doubt for doubt in judgement.authorship.doubts if doubt.word in _REFUSED), None)


def _doubted(doubt: Doubt, judgement: Judgement) -> Verdict:
    # Stricter than RFC 9989 §5.3.1, which leaves such mail to others: RFC 5322 §3.6 demands one From with an author,
    # and where it is not so each reader of mail shows somebody else
    sentence = f"{_REFUSED[doubt.word]}, so it is not clear who wrote this mail"
    # Lenient: a notice of an old system names its daemon only, and to refuse a notice is to lose it
    if doubt.word is DoubtWord.NO_AUTHOR_DOMAIN and judgement.sending.mail_from is None:
        return Verdict(Decision.QUARANTINE, f"It is filed apart: {sentence}")
    return Verdict(Decision.REFUSE, sentence, reply(550, "5.7.1", f"{sentence} (RFC 5322, DMARC)"))


def _refused(judgement: Judgement) -> Verdict:
    # RFC 9989 §7.2: name DMARC, so that a legitimate sender finds the cause
    policy = f"the DMARC policy of {_shown(judgement.dmarc.policy_domain)} (reject)"
    missing = _missing(judgement)
    lines = (*(f"{reason};" for reason in missing[:-1]), missing[-1])  # many a client shows them as one
    text = reply(550, "5.7.1", f"Refused under {policy}:", *lines)
    return Verdict(Decision.REFUSE, f"{policy[0].upper()}{policy[1:]} refuses it: {'; '.join(missing)}", text)


def _quarantined(judgement: Judgement) -> str:
    dmarc = judgement.dmarc
    asked = f"The DMARC policy of {_shown(dmarc.policy_domain)} (quarantine) has it filed apart"
    return f"{asked}: {'; '.join(_missing(judgement))}"


def _deferred(dmarc: DmarcResult) -> Verdict:
    what = f"The DMARC policy of {_shown(dmarc.policy_domain or dmarc.author_domain or 'the domain in From')}"
    sentence = f"{what} cannot be checked now, try again later"
    # RFC 9989 §B.3.1: transient errors are answered 4yz
    return Verdict(Decision.DEFER, sentence, reply(451, "4.7.1", sentence))


def _is_open(judgement: Judgement) -> bool:
    """Say whether a mail might have to be rejected or filed apart, or need not be, if only the DNS had answered."""
    dmarc = judgement.dmarc
    if dmarc.result is DmarcWord.TEMPERROR:
        # Under quarantine, too: a name below the author's whose servers are gone is easily found, and signed for
        return not dmarc.policy_domain or dmarc.policy is not Disposition.NONE
    return dmarc.disposition is Disposition.REJECT and judgement.may_be_spared


def _delivered(judgement: Judgement) -> str:
    dmarc = judgement.dmarc
    author = _shown(dmarc.author_domain)
    if dmarc.result is DmarcWord.PASS:
        proofs = " and ".join(f"{one.method.upper()} for {_shown(one.domain)}" for one in dmarc.aligned)
        do = "pass and are" if len(dmarc.aligned) > 1 else "passes and is"
        return f"The author domain {author} stands behind it: {proofs} {do} aligned"
    if dmarc.result in (DmarcWord.NONE, DmarcWord.PERMERROR):
        return f"Nothing is asked for: {printable(dmarc.reason)}"
    if dmarc.result is DmarcWord.TEMPERROR:
        return f"The DNS is silent, and the policy of {_shown(dmarc.policy_domain)} asks for nothing"
    missing = "; ".join(_missing(judgement))
    if dmarc.overrides:
        return f"It fails DMARC ({missing}), but goes on: {printable(dmarc.overrides[-1].comment)}"
    return f"It fails DMARC ({missing}), but the policy of {_shown(dmarc.policy_domain)} asks for nothing"


def _missing(judgement: Judgement) -> tuple[str, ...]:
    """Say why neither method proves the author domain."""
    doubts = tuple(str(doubt.word) for doubt in judgement.authorship.doubts if doubt.word.misleads)
    if doubts:
        return (f"who wrote it is doubtful: {', '.join(doubts)}",)
    return _spf_missing(judgement), _dkim_missing(judgement)


def _spf_missing(judgement: Judgement) -> str:
    spf, author = judgement.spf, _shown(judgement.dmarc.author_domain)
    if spf.result is SpfWord.PASS:
        return f"SPF passes for {_shown(spf.domain)}, which is not {author}"
    if not spf.domain:
        return "SPF has nothing to check"
    return f"SPF is {spf.result} for {_shown(spf.domain)}"


def _dkim_missing(judgement: Judgement) -> str:
    author = _shown(judgement.dmarc.author_domain)
    if not judgement.dkim:
        return f"there is no DKIM signature of {author}"
    found = dict.fromkeys(f"{one.result} for {_shown(one.domain or 'no domain')}" for one in judgement.dkim)
    return f"no DKIM signature of {author} passes ({', '.join(tuple(found)[:MAX_NAMED])})"


def _shown(domain: str) -> str:
    # RFC 6531 §3.7.4.1: a client that does not know UTF-8 is answered in ASCII
    return printable(domain, limit=MAX_DOMAIN_CHARACTERS).encode("ascii", "backslashreplace").decode("ascii")
