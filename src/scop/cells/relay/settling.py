"""What follows from an attempt, for the queue and for the sender: pure, so that every case can be looked at.

Standards: RFC 3461 §4.1 (NOTIFY) and §5.2 (who reports what), RFC 3464 §2.3, RFC 2852 §4.1.4 (DELIVERBY).
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.base import printable
from scop.cells.relay.letters import Departure, Load, Settled, Waiting
from scop.cells.relay.schedule import DAY_SECONDS, HOUR_SECONDS, Deadlines, Pace, Patience, pause_seconds
from scop.cells.relay.verdict import Fate, Verdict
from scop.dsn import Action, RecipientReport
from scop.smtp import Mail, Recipient

__all__ = ["RELAYED", "Attempt", "Outcome", "outcomes"]

RELAYED, KEPT_BACK = "mail.relayed", "mail.kept_back"
MAX_REASON = 1000  # characters, why a mail may not leave: a record to publish is to be read whole

_UNTRIED = {Fate.HELD: Departure.KEPT_BACK, Fate.UNASKED: Departure.ASKED}


@dataclass(frozen=True, slots=True)
class Attempt:
    """One attempt to carry a load, or the wish for one at a hop that is closed until `closed_until_unix`.

    A load that was tried may have closed the hop itself: then it comes after those that only wait.
    """

    load: Load
    verdicts: tuple[Verdict, ...]
    now_unix: float
    chance: float  # one for all, so that they stay together
    pace: Pace
    is_inside: bool = False  # to a cell of ours, which reports by itself
    closed_until_unix: float = 0.0
    was_tried: bool = True
    seconds: float = 0.0  # that it took, for the log


@dataclass(frozen=True, slots=True)
class Outcome:
    """What becomes of one recipient: `state` and `tls` for the log, and what its sender is to hear, if anything."""

    state: str
    recipient: Recipient
    settled: Settled
    report: RecipientReport | None = None
    tls: str = ""  # under which it went


def outcomes(attempt: Attempt, patience: Patience) -> tuple[Outcome, ...]:
    """Return what becomes of each recipient of a load."""
    deadlines = patience.deadlines(attempt.load)
    pairs = zip(attempt.load.recipients, attempt.verdicts, strict=True)
    return tuple(_outcome(attempt, waiting, verdict, deadlines) for waiting, verdict in pairs)


def _outcome(attempt: Attempt, waiting: Waiting, verdict: Verdict, deadlines: Deadlines) -> Outcome:
    if verdict.fate is Fate.PASSED:
        return _passed(attempt, waiting, verdict)
    # What never may leave has its end as all other mail, and its sender is told.
    if verdict.fate is Fate.NEVER or attempt.now_unix >= deadlines.give_up_unix:
        return _failed(attempt, waiting, verdict, deadlines)
    return _put_off(attempt, waiting, verdict, deadlines)


def _passed(attempt: Attempt, waiting: Waiting, verdict: Verdict) -> Outcome:
    reason = "" if attempt.is_inside else _why_tell_of_passing(attempt.load.mail, waiting.recipient, verdict)
    report = None
    if reason:
        status = verdict.status if verdict.status.startswith("2") else "2.0.0"
        report = _report(waiting.recipient, Action.RELAYED, status, verdict, reason)
    return Outcome(RELAYED, waiting.recipient, _settled(waiting, verdict), report, verdict.tls)


def _why_tell_of_passing(mail: Mail, recipient: Recipient, verdict: Verdict) -> str:
    """Return why the sender is to hear that the next host has the mail, '' where it is not."""
    if "SUCCESS" in recipient.notify and not verdict.offers_dsn:
        # RFC 3461 §5.2.2: the next host will not tell, so we tell how far it came.
        return "that system sends no reports itself"
    if mail.deliver_by is None or "NEVER" in recipient.notify:
        return ""
    if mail.deliver_by.mode == "N" and not verdict.offers_deliver_by:
        # RFC 2852 §4.1.4.2: nobody behind us will tell of the delay.
        return "that system will not tell you if the mail is late"
    # RFC 2852 §4.1.4: who traces hears of every step.
    return "you asked to hear of every step on the way" if mail.deliver_by.trace else ""


def _failed(attempt: Attempt, waiting: Waiting, verdict: Verdict, deadlines: Deadlines) -> Outcome:
    if verdict.fate is Fate.NEVER:
        status, reason = f"5{verdict.status[1:]}", _words_of_ours(verdict)
    else:
        span = _span(attempt.now_unix - attempt.load.first_due_unix)
        words = _words_of_ours(verdict)
        said = f"it was held for {span}" if verdict.fate is Fate.HELD else f"it was tried for {span}"
        reason = said + (f"; at last: {words}" if words else "")
        status = deadlines.status
    report = None
    if not waiting.recipient.notify or "FAILURE" in waiting.recipient.notify:  # RFC 3461 §4.1: absent means FAILURE
        report = _report(waiting.recipient, Action.FAILED, status, verdict, reason)
    settled = _settled(waiting, verdict, failed=waiting.recipient)
    return Outcome("mail.bounced", waiting.recipient, settled, report, verdict.tls)


def _put_off(attempt: Attempt, waiting: Waiting, verdict: Verdict, deadlines: Deadlines) -> Outcome:
    now = attempt.now_unix
    notify = waiting.recipient.notify
    wants_to_know = not waiting.delay_told and (not notify or "DELAY" in notify)
    tell = wants_to_know and now >= deadlines.tell_unix
    report = None
    if tell:
        status = f"4{verdict.status[1:]}"
        until = deadlines.give_up_unix
        report = _report(waiting.recipient, Action.DELAYED, status, verdict, _words_of_ours(verdict), until)
    next_unix = min(_next_unix(attempt, waiting), deadlines.give_up_unix)
    if wants_to_know and not tell:
        next_unix = min(next_unix, deadlines.tell_unix)
    told = waiting.delay_told or tell
    settled = _settled(waiting, verdict, next_unix=max(next_unix, now), delay_told=told)
    state = KEPT_BACK if verdict.fate is Fate.HELD else "mail.deferred"
    return Outcome(state, waiting.recipient, settled, report, verdict.tls)


def _next_unix(attempt: Attempt, waiting: Waiting) -> float:
    spread = attempt.pace.first_seconds  # over which a hop that opens is given what waited
    if not attempt.was_tried:
        return attempt.closed_until_unix + spread * attempt.chance
    own = attempt.now_unix + pause_seconds(attempt.pace, waiting.attempts + 1, attempt.chance)
    # Were it the first again, a mail at which a host always hangs up would stand before all others for ever.
    return max(own, attempt.closed_until_unix + 2 * spread)


def _settled(
    waiting: Waiting,
    verdict: Verdict,
    *,
    next_unix: float | None = None,
    failed: Recipient | None = None,
    delay_told: bool = False,
) -> Settled:
    untried = _UNTRIED.get(verdict.fate)
    words = printable(verdict.words) if untried is None else printable(verdict.words, limit=MAX_REASON)
    return Settled(waiting.id, words, next_unix, failed, delay_told, printable(verdict.host), untried)


def _report(
    recipient: Recipient, action: Action, status: str, verdict: Verdict, reason: str = "", until: float | None = None
) -> RecipientReport:
    return RecipientReport(
        forward_path=recipient.forward_path,
        action=action,
        status=status,
        reason=reason,
        reply=verdict.reply,
        remote_host=verdict.host if verdict.reply else "",
        original_recipient=recipient.original_recipient,
        will_retry_until_unix=until,
    )


def _words_of_ours(verdict: Verdict) -> str:
    """Return why, where no server said it in its own words."""
    return "" if verdict.reply else verdict.words


def _span(seconds: float) -> str:
    for name, length in (("day", DAY_SECONDS), ("hour", HOUR_SECONDS), ("minute", 60.0)):
        count = int(seconds // length)
        if count:
            return f"{count} {name}{'s' if count > 1 else ''}"
    return "less than a minute"
