"""What the examiner says of a mail, and what that leads to.

The examiner's answer is believed as far as its types go. Where it has none, the mail waits at its sender: nothing
that could not be looked into passes because nobody was there to look.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from scop.mesh.calls import Caller
from scop.mesh.config.attachments import Attachments, Policy
from scop.mesh.vocabulary.examiner import Examined, ExamineMail, FoundThing
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.smtp import Reply, reply
from scop.spam import Verdict

__all__ = ["WORDS", "Examination", "is_malware", "phishing_found", "policy_on", "refusal", "worst_first"]

PIECE_OCTETS = 1 << 21  # half of what a frame holds
_SEVEREST = (Policy.REFUSE, Policy.QUARANTINE, Policy.TAG)
_ORDER = ("dangerous", "suspicious", "note")
_PHISHING = "phishing"
# What a sender is told; the particulars are in the log.
WORDS = {
    "executable": "a program",
    "script": "a script",
    "shortcut": "a shortcut that starts something else",
    "macro": "a document with macros",
    "dde": "a document that starts programs",
    "template": "a document that fetches another",
    "embedded": "a document with files inside",
    "active": "a document that acts by itself",
    "eicar": "the test file of virus scanners",
    "rule": "what a rule of this place forbids",
    "virus": "a virus",
    "name": "a file with a deceptive name",
    "type": "a file that is not what it says it is",
    "ambiguous": "attachments that mail programs read differently",
    "encrypted": "a file that cannot be looked into",
    "bomb": "an archive that unpacks without bound",
    "broken": "a damaged file",
    "unscannable": "attachments that cannot be examined",
}


class Examination:
    """Has mails examined."""

    def __init__(self, examiner: Caller) -> None:
        self._examiner = examiner
        self._numbers = itertools.count()  # tell apart two deliveries of one trace

    async def findings(self, octets: bytes, client: str, trace: str) -> tuple[FoundThing, ...]:
        """Return what is found in a mail; raises `TemporaryFailure` where nobody can say."""
        ident = f"{trace}.{next(self._numbers)}"
        examined = Examined()
        try:
            for offset in range(0, len(octets), PIECE_OCTETS):
                piece = octets[offset : offset + PIECE_OCTETS]
                examined = await self._examiner.call(ExamineMail(ident, offset, len(octets), piece, client))
        except PermanentFailure as refusal_of_a_piece:  # it was started anew in the midst of a mail
            raise TemporaryFailure(f"the examiner: {refusal_of_a_piece}") from refusal_of_a_piece
        return examined.findings


def worst_first(findings: Iterable[FoundThing]) -> tuple[FoundThing, ...]:
    """Return findings in the order in which they are told."""
    return tuple(sorted(findings, key=lambda one: _ORDER.index(one.severity)))


def phishing_found(verdict: Verdict) -> tuple[FoundThing, ...]:
    """Return what looks like phishing, as it is told to who reads the mail."""
    return tuple(
        FoundThing(_PHISHING, "note" if one.is_mild else "suspicious", one.place, one.reason)
        for one in verdict.suspicions
    )


def policy_on(findings: Iterable[FoundThing], policies: Attachments) -> tuple[Policy, FoundThing | None]:
    """Return the severest policy that a finding leads to, and that finding; a note leads nowhere."""
    led = [(_policy_of(one, policies), one) for one in findings if one.severity != "note"]
    if not led:
        return Policy.TAG, None
    return min(led, key=lambda each: _SEVEREST.index(each[0]))


def _policy_of(finding: FoundThing, policies: Attachments) -> Policy:
    if finding.kind == "unscannable":
        return policies.unscannable
    return policies.dangerous if finding.severity == "dangerous" else policies.suspicious


def is_malware(findings: Iterable[FoundThing]) -> bool:
    """Say whether who sent this mail sends malware; what could not be looked into is not proved to be any."""
    return any(one.severity == "dangerous" and one.kind != "unscannable" for one in findings)


def refusal(finding: FoundThing) -> Reply:
    """Return what the sender of a mail is told that is refused because of this."""
    return reply(550, "5.7.1", f"This mail brings {WORDS.get(finding.kind, finding.kind)}, which is not accepted here")
