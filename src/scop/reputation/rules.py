"""What follows from what is known: welcome, a delay, or a shut door; as figures, and in sentences.

The rules, in the order in which they are asked:

1. Offences (forged mail, malware) delay from 3 on and refuse from 10 on, where they are at least a quarter of all that
   is proved about the subject: whoever brings three honest mails for each forged one is a forwarder or a mailing list,
   and its forgeries are refused one by one.
2. Spam, as a filter takes it, delays from 10 on and refuses from 40 on, where it is at least three quarters of all
   that is known: filters err, and forwarders bring other people's spam.
3. A network needs four times as much, from three hosts at least: one bad host is not its network.
4. A host of a network that is a forwarder (100 honest mails, few offences) is delayed in place of refused, until it has
   ten times as much by itself: big senders have many hosts, and a new one has no past of its own.

Counts fade, so a limit counts as reached half a mail before it: ten mails within hours are ten.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

from scop.reputation.tally import Tally

__all__ = ["Bounds", "Finding", "Rules", "Standing", "judge", "tally_in_words"]

HALF_A_MAIL = 0.5


class Standing(IntEnum):
    """How a subject is met, the worst last."""

    WELCOME = 0
    DELAY = 1
    REFUSE = 2


@dataclass(frozen=True, slots=True)
class Bounds:
    """From how many mails on, and which share of all they must be."""

    delay: float
    refuse: float
    share: float


@dataclass(frozen=True, slots=True)
class Rules:
    """The figures; the defaults suit an organisation of some hundred people."""

    half_life_seconds: float = 86_400.0
    offences: Bounds = Bounds(3, 10, 0.25)
    spam: Bounds = Bounds(10, 40, 0.75)
    network_times: float = 4.0
    network_offenders: int = 3
    forwarder_honest: float = 100.0
    forwarder_times: float = 10.0
    max_subjects: int = 10_000  # of each kind; who was heard of least recently is forgotten first


@dataclass(frozen=True, slots=True)
class Finding:
    """How a subject stands, and the sentence that decides."""

    standing: Standing
    sentence: str


@dataclass(frozen=True, slots=True)
class _Charge:
    """One kind of bad mail, against everything that is known."""

    what: str
    count: float
    all: float
    bounds: Bounds

    @property
    def share(self) -> float:
        return self.count / self.all if self.all else 0.0

    def judged(self, times: float) -> Finding:
        bounds, count = self.bounds, self.count + HALF_A_MAIL
        if count < bounds.delay * times:
            sentence = f"{_mails(self.count)} of {self.what}, and it takes {bounds.delay * times:g} to be delayed"
            return Finding(Standing.WELCOME, sentence)
        if self.share < bounds.share:
            return Finding(Standing.WELCOME, f"{self._told()}, and less than {bounds.share:.0%} is borne")
        standing = Standing.REFUSE if count >= bounds.refuse * times else Standing.DELAY
        needed = bounds.refuse * times if standing is Standing.REFUSE else bounds.delay * times
        word = "refused" if standing is Standing.REFUSE else "delayed"
        return Finding(standing, f"{self._told()}; from {needed:g} and {bounds.share:.0%} on it is {word}")

    def _told(self) -> str:
        return f"{_mails(self.count)} of {self.what}, {self.share:.0%} of what is known"


def judge(tally: Tally, rules: Rules, *, is_network: bool = False, around: Tally | None = None) -> Finding:
    """Return how a subject stands; `around` is what is known of the network that a host is in."""
    times = rules.network_times if is_network else 1.0
    found = max((charge.judged(times) for charge in _charges(tally, rules)), key=lambda finding: finding.standing)
    if found.standing is Standing.WELCOME:
        return found
    if is_network and len(tally.offenders) < rules.network_offenders:  # rule 3
        sentence = (
            f"{found.sentence}; but {len(tally.offenders)} hosts brought it, and it takes {rules.network_offenders}"
        )
        return Finding(Standing.WELCOME, sentence)
    if found.standing is Standing.REFUSE and around is not None and _is_forwarder(around, rules):  # rule 4
        mild = max((c.judged(rules.forwarder_times) for c in _charges(tally, rules)), key=lambda each: each.standing)
        if mild.standing is not Standing.REFUSE:
            honest = _mails(around.honest)
            return replace(
                found,
                standing=Standing.DELAY,
                sentence=f"{found.sentence}; but its network brought {honest} that are honest, so it is delayed only",
            )
    return found


def _charges(tally: Tally, rules: Rules) -> tuple[_Charge, _Charge]:
    proved = tally.honest + tally.offences
    known = tally.honest + tally.harmless + tally.spam
    return (
        _Charge("forgery or malware", tally.offences, proved, rules.offences),
        _Charge("spam", tally.spam, known, rules.spam),
    )


def _is_forwarder(around: Tally, rules: Rules) -> bool:
    proved = around.honest + around.offences
    return around.honest + HALF_A_MAIL >= rules.forwarder_honest and around.offences / proved < rules.offences.share


def tally_in_words(tally: Tally) -> str:
    """Return the counts as a sentence."""
    return (
        f"honest {tally.honest:.1f}, forged or malware {tally.offences:.1f}, "
        f"taken for harmless {tally.harmless:.1f}, taken for spam {tally.spam:.1f}"
    )


def _mails(count: float) -> str:
    return f"{count:.1f} mails"
