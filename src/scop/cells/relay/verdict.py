"""What an answer means for one recipient: done, again later, again at once, or never; and for the host as a whole.

The first digit decides (RFC 5321 §4.2.1), but for the rules below: some 5yz speak of what passes, some 4yz of this
transaction only. Texts never decide: what a server says in words is for people.

Standards: RFC 5321 §4.2.1, §4.5.3.1.10; RFC 3463 §3 (what each enhanced code is for); RFC 5248.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from typing import NamedTuple

from scop.cells.relay.post import Carried
from scop.smtp import Reply

__all__ = ["Fate", "Stage", "Trouble", "Verdict", "judge", "verdicts_of"]


class Fate(StrEnum):
    """What is to be done about a recipient."""

    PASSED = "passed"  # the host has it
    LATER = "later"
    AT_ONCE = "at once"  # in a further transaction: this one had too many recipients
    NEVER = "never"
    # Of what has not been tried:
    HELD = "held"  # it may not leave as things stand
    UNASKED = "unasked"  # whether it may leave could not be found out


class Stage(StrEnum):
    """Which command was answered."""

    MAIL = "mail"
    RECIPIENT = "recipient"
    MESSAGE = "message"


class Trouble(Enum):
    """What an answer says of the host as a whole."""

    NONE = 0
    BUSY = 1  # it would rather have less at once
    DOWN = 2  # nothing gets through to it


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one attempt meant for one recipient; `words` are for the log and the operator."""

    fate: Fate
    status: str
    words: str
    host: str = ""
    reply: Reply | None = None
    trouble: Trouble = Trouble.NONE
    is_of_one: bool = False  # an answer to RCPT: it says nothing of the other recipients
    offers_dsn: bool = False  # who took it answers for notices from here on
    offers_deliver_by: bool = False  # and for the time of delivery
    tls: str = ""  # under which it was taken


class _Rule(NamedTuple):
    """The first that matches counts; an empty set of stages, codes or details matches all."""

    stages: frozenset[Stage]
    codes: Iterable[int]
    details: frozenset[str]  # subject and detail of the enhanced code, '' where there is none
    fate: Fate
    trouble: Trouble = Trouble.NONE


_ANY: frozenset[str] = frozenset()
_EVERY: frozenset[Stage] = frozenset()
_4YZ, _5YZ = range(400, 500), range(500, 600)

RULES = (
    # RFC 5321 §3.8: the host is about to close, whatever was asked.
    _Rule(_EVERY, {421}, _ANY, Fate.LATER, Trouble.BUSY),
    # RFC 5321 §4.5.3.1.10, RFC 3463 §3.6: too many recipients; 552 is what hosts said before RFC 2821.
    _Rule(frozenset({Stage.RECIPIENT}), range(400, 600), frozenset({"5.3"}), Fate.AT_ONCE),
    _Rule(frozenset({Stage.RECIPIENT}), {452, 552}, frozenset({""}), Fate.AT_ONCE),
    # RFC 3463 §3.4, §3.5: full, not accepting, congested: all of the host's mail would fare alike.
    _Rule(_EVERY, _4YZ, frozenset({"3.1", "3.2", "4.5"}), Fate.LATER, Trouble.BUSY),
    # A host that puts off a whole transaction before it has seen a recipient means us, not the mail.
    _Rule(frozenset({Stage.MAIL}), _4YZ, _ANY, Fate.LATER, Trouble.BUSY),
    # RFC 3463 §3.3 (mailbox full), §3.4 (system full), §3.5 (bad connection, no lookup, congestion): "persistent
    # transient" by their definition, though some servers say them with a 5yz. Not so 5.4.1 (no answer): Exchange
    # Online says it of recipients that are not there.
    _Rule(_EVERY, _5YZ, frozenset({"2.2", "3.1", "4.2", "4.3", "4.5"}), Fate.LATER),
    # RFC 5321 §4.2.4: unknown command, not implemented, bad sequence: the conversation went wrong, not the mail.
    _Rule(_EVERY, {500, 502, 503}, _ANY, Fate.LATER),
)
_BY_FIRST_DIGIT = {2: Fate.PASSED, 3: Fate.LATER, 4: Fate.LATER, 5: Fate.NEVER}  # a 3yz ends nothing


def judge(answer: Reply, stage: Stage, host: str = "") -> Verdict:
    """Return what an answer means for the recipients that it speaks of."""
    rule = _rule_for(answer, stage)
    fate = rule.fate if rule else _BY_FIRST_DIGIT[answer.code // 100]
    status = answer.enhanced or f"{4 if fate is Fate.LATER else answer.code // 100}.0.0"
    trouble = rule.trouble if rule else Trouble.NONE
    return Verdict(fate, status, str(answer), host, answer, trouble, is_of_one=stage is Stage.RECIPIENT)


def verdicts_of(carried: Carried, count: int) -> tuple[Verdict, ...]:
    """Return what a transaction meant for each of its recipients."""
    host = carried.host
    if carried.transaction is None:
        return (_without_answer(carried),) * count
    told = carried.transaction
    if not told.mail.is_positive:
        return (judge(told.mail, Stage.MAIL, host),) * count
    return tuple(
        replace(
            judge(outcome, Stage.MESSAGE, host),
            offers_dsn=carried.offers_dsn,
            offers_deliver_by=carried.offers_deliver_by,
            tls=carried.tls,
        )
        if answer.is_positive and told.messages
        else judge(answer, Stage.RECIPIENT, host)
        for answer, outcome in zip(told.recipients, told.outcomes, strict=True)
    )


def _without_answer(carried: Carried) -> Verdict:
    if carried.status.startswith("5"):
        return Verdict(Fate.NEVER, carried.status, carried.reason, carried.host)
    # RFC 3463 §3.5: no answer, no lookup. A connection that broke (4.4.2) had the message on it, and may have
    # broken of it; what else there is concerns this mail.
    trouble = Trouble.DOWN if carried.status in {"4.4.1", "4.4.3", "4.4.4"} else Trouble.BUSY
    return Verdict(Fate.LATER, carried.status, carried.reason, carried.host, trouble=trouble)


def _rule_for(answer: Reply, stage: Stage) -> _Rule | None:
    detail = answer.enhanced.partition(".")[2]
    for rule in RULES:
        if (
            (not rule.stages or stage in rule.stages)
            and answer.code in rule.codes
            and (not rule.details or detail in rule.details)
        ):
            return rule
    return None
