"""What follows from an attempt: for the queue, for the log, and for the sender."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.relay.letters import Departure, Load, Waiting
from scop.cells.relay.schedule import OUTSIDE, Patience
from scop.cells.relay.settling import Attempt, Outcome, outcomes
from scop.cells.relay.verdict import Fate, Stage, Verdict, judge
from scop.dsn import Action
from scop.smtp import DeliverBy, ForwardPath, Hold, Mail, Recipient, ReversePath, reply

QUEUED = 1_800_000_000.0
HOUR, DAY = 3600.0, 86_400.0
BOB = ForwardPath.parse("<bob@harbor.test>")
MAIL = Mail(ReversePath.parse("<ann@lagoon.test>"))
OK = judge(reply(250, "2.0.0", "Ok"), Stage.MESSAGE, "mx.harbor.test")
LATER = judge(reply(451, "4.7.1", "Come back later"), Stage.RECIPIENT, "mx.harbor.test")
NEVER = judge(reply(550, "5.1.1", "No such user"), Stage.RECIPIENT, "mx.harbor.test")
UNREACHED = Verdict(Fate.LATER, "4.4.1", "no connection")


def settled(
    verdict: Verdict,
    *notify: str,
    after: float = 60.0,
    mail: Mail = MAIL,
    waiting: Waiting | None = None,
    closed_until: float = 0.0,
    was_tried: bool = True,
    is_inside: bool = False,
) -> Outcome:
    """Return what becomes of Bob, some time after his mail was queued."""
    bob = waiting or Waiting(7, Recipient(BOB, frozenset(notify), "rfc822;robert@harbor.test"))
    load = Load(1, "harbor.test", "trace", mail, False, QUEUED, (bob,))
    attempt = Attempt(load, (verdict,), QUEUED + after, 0.5, OUTSIDE, is_inside, closed_until, was_tried)
    (outcome,) = outcomes(attempt, Patience())
    return outcome


def action(outcome: Outcome) -> Action | None:
    """Return what the sender is told, None for nothing."""
    return outcome.report.action if outcome.report else None


def _reason(outcome: Outcome) -> str:
    return outcome.report.reason if outcome.report else ""


@pytest.mark.parametrize(
    ("fate", "state", "untried"),
    [
        (Fate.HELD, "mail.kept_back", Departure.KEPT_BACK),
        (Fate.UNASKED, "mail.deferred", Departure.ASKED),
        (Fate.LATER, "mail.deferred", None),
    ],
)
def test_settling_of_what_may_not_leave(fate: Fate, state: str, untried: Departure | None) -> None:
    """It is no attempt, is asked about again when it was said, and the reason is kept whole: a record is in it."""
    words = "publish " + "x" * 500
    outcome = settled(Verdict(fate, "4.7.23", words), closed_until=QUEUED + 300, was_tried=False)
    assert (state, untried) == (outcome.state, outcome.settled.untried)
    assert QUEUED + 300 <= (outcome.settled.next_unix or 0) <= QUEUED + 302
    assert (words == outcome.settled.last_reply) == (untried is not None)


def test_settling_of_what_was_held_to_its_end_says_so() -> None:
    """It was never tried at a host: its sender is to look for the fault at home."""
    held = Verdict(Fate.HELD, "4.7.23", "SPF says fail")
    assert "it was held for 5 days; at last: SPF says fail" == _reason(settled(held, after=5 * DAY))


@pytest.mark.parametrize(
    ("notify", "expected"),
    [
        ((), Action.FAILED),
        (("FAILURE",), Action.FAILED),
        (("SUCCESS", "FAILURE", "DELAY"), Action.FAILED),
        (("SUCCESS",), None),
        (("DELAY",), None),
        (("NEVER",), None),
    ],
)
def test_settling_of_a_failure(notify: tuple[str, ...], expected: Action | None) -> None:
    """RFC 3461 §4.1: told to who asked for it, or did not say; done with either way."""
    outcome = settled(NEVER, *notify)
    assert ("mail.bounced", None, expected) == (outcome.state, outcome.settled.next_unix, action(outcome))
    assert outcome.settled.failed is not None


@pytest.mark.parametrize(
    ("notify", "expected"),
    [((), Action.DELAYED), (("DELAY",), Action.DELAYED), (("FAILURE", "SUCCESS"), None), (("NEVER",), None)],
)
def test_settling_of_a_delay(notify: tuple[str, ...], expected: Action | None) -> None:
    """RFC 3461 §4.1: after four hours, to who asked for it, or did not say."""
    assert expected == action(settled(LATER, *notify, after=4 * HOUR))
    assert None is action(settled(LATER, *notify, after=4 * HOUR - 1))


def test_settling_tells_of_a_delay_once() -> None:
    """A sender who has heard of it hears no more until the end."""
    told = settled(LATER, after=4 * HOUR)
    assert told.settled.delay_told
    again = settled(LATER, after=8 * HOUR, waiting=Waiting(7, Recipient(BOB), 9, delay_told=True))
    assert (None, True) == (action(again), again.settled.delay_told)


def test_settling_wakes_up_to_tell_of_a_delay() -> None:
    """A pause of hours does not put the notice off."""
    outcome = settled(LATER, after=3.5 * HOUR, waiting=Waiting(7, Recipient(BOB), 20))
    assert QUEUED + 4 * HOUR == outcome.settled.next_unix
    silent = settled(LATER, after=3.5 * HOUR, waiting=Waiting(7, Recipient(BOB, frozenset({"NEVER"})), 20))
    assert QUEUED + 5.5 * HOUR == silent.settled.next_unix


@pytest.mark.parametrize(
    ("notify", "offers_dsn", "is_inside", "expected"),
    [
        (("SUCCESS",), False, False, Action.RELAYED),
        (("SUCCESS",), True, False, None),  # the next host tells
        (("SUCCESS",), False, True, None),  # the mailbox tells
        (("FAILURE",), False, False, None),
        ((), False, False, None),
        (("NEVER",), False, False, None),
    ],
)
def test_settling_of_a_success(
    notify: tuple[str, ...], offers_dsn: bool, is_inside: bool, expected: Action | None
) -> None:
    """RFC 3461 §5.2.2: `relayed` where the sender wants to know and nobody behind us will say."""
    outcome = settled(replace(OK, offers_dsn=offers_dsn), *notify, is_inside=is_inside)
    assert ("mail.relayed", None, expected) == (outcome.state, outcome.settled.next_unix, action(outcome))
    assert outcome.settled.failed is None


@pytest.mark.parametrize(
    ("wish", "notify", "offers_deliver_by", "expected"),
    [
        (DeliverBy(60, "N"), (), False, Action.RELAYED),
        (DeliverBy(60, "N"), (), True, None),
        (DeliverBy(60, "N"), ("FAILURE",), False, Action.RELAYED),
        (DeliverBy(60, "N"), ("NEVER",), False, None),
        (DeliverBy(60, "N", trace=True), (), True, Action.RELAYED),
        (DeliverBy(60, "R", trace=True), ("DELAY",), True, Action.RELAYED),
        (DeliverBy(60, "R", trace=True), ("NEVER",), True, None),
        (DeliverBy(60, "R"), (), True, None),
    ],
)
def test_settling_tells_of_the_way_of_a_mail_with_a_deadline(
    wish: DeliverBy, notify: tuple[str, ...], offers_deliver_by: bool, expected: Action | None
) -> None:
    """RFC 2852 §4.1.4: `relayed` at every step to who traces, and where nobody behind us tells of a delay."""
    verdict = replace(OK, offers_dsn=True, offers_deliver_by=offers_deliver_by)
    outcome = settled(verdict, *notify, mail=replace(MAIL, deliver_by=wish))
    assert expected == action(outcome)
    assert None is action(settled(verdict, *notify, mail=replace(MAIL, deliver_by=wish), is_inside=True))


def test_settling_gives_up_in_the_end() -> None:
    """RFC 5321 §4.5.4.1: after five days, with the server's last words and the time that was spent."""
    outcome = settled(LATER, after=5 * DAY)
    assert outcome.report is not None
    assert ("4.4.7", "it was tried for 5 days", LATER.reply) == (
        outcome.report.status,
        outcome.report.reason,
        outcome.report.reply,
    )
    assert "mail.deferred" == settled(LATER, after=5 * DAY - 1).state


def test_settling_gives_up_after_days_of_hold_too() -> None:
    """RFC 4865: the five days begin when the mail could go at first."""
    held = replace(MAIL, hold=Hold(until_unix=QUEUED + 3 * DAY))
    assert "mail.deferred" == settled(LATER, after=5 * DAY, mail=held).state
    assert "mail.bounced" == settled(LATER, after=8 * DAY, mail=held).state


def test_settling_tries_at_the_very_end_once_more() -> None:
    """No pause reaches beyond the give-up time: the sender hears in time."""
    outcome = settled(LATER, after=5 * DAY - 60, waiting=Waiting(7, Recipient(BOB), 60, delay_told=True))
    assert QUEUED + 5 * DAY == outcome.settled.next_unix


def test_settling_of_a_mail_that_is_late_and_wanted_back() -> None:
    """RFC 2852 §4: by-mode R fails with 5.4.7 when its time is over."""
    wish = replace(MAIL, deliver_by=DeliverBy(120, "R"))
    assert (
        QUEUED + 120 == settled(LATER, after=119, mail=wish, waiting=Waiting(7, Recipient(BOB), 20)).settled.next_unix
    )
    outcome = settled(UNREACHED, after=120, mail=wish)
    assert outcome.report is not None
    assert (Action.FAILED, "5.4.7", "it was tried for 2 minutes; at last: no connection") == (
        outcome.report.action,
        outcome.report.status,
        outcome.report.reason,
    )


def test_settling_of_a_mail_that_is_late_and_to_be_told() -> None:
    """RFC 2852 §4: by-mode N tells of the delay, once, and goes on."""
    wish = replace(MAIL, deliver_by=DeliverBy(120, "N"))
    outcome = settled(LATER, after=120, mail=wish)
    assert ("mail.deferred", Action.DELAYED) == (outcome.state, action(outcome))
    assert None is action(settled(LATER, "FAILURE", after=120, mail=wish))


def test_settling_reports_what_the_sender_named() -> None:
    """RFC 3461 §6.3: ORCPT, the host and its words; until when a delay lasts."""
    report = settled(LATER, after=5 * HOUR).report
    assert report is not None
    assert ("rfc822;robert@harbor.test", "mx.harbor.test", LATER.reply, QUEUED + 5 * DAY) == (
        report.original_recipient,
        report.remote_host,
        report.reply,
        report.will_retry_until_unix,
    )


def test_settling_of_what_waits_for_a_closed_hop() -> None:
    """It is due when the hop opens, not by its own pauses; the one that closed it comes after all that waited."""
    closed = QUEUED + 500
    assert closed + 1 == settled(UNREACHED, closed_until=closed, was_tried=False).settled.next_unix
    assert closed + 4 == settled(UNREACHED, closed_until=closed).settled.next_unix


def test_settling_of_a_full_mailbox_said_with_5yz_reports_class_4() -> None:
    """RFC 3464 §2.3.4: what is delayed has a status of class 4."""
    full = judge(reply(552, "5.2.2", "Mailbox full"), Stage.RECIPIENT)
    report = settled(full, after=5 * HOUR).report
    assert report is not None
    assert "4.2.2" == report.status


@given(
    st.sampled_from([OK, LATER, NEVER, UNREACHED]),
    st.frozensets(st.sampled_from(["SUCCESS", "FAILURE", "DELAY"])) | st.just(frozenset({"NEVER"})),
    st.floats(0, 10 * DAY),
    st.integers(0, 100),
    st.sampled_from([None, DeliverBy(60, "R"), DeliverBy(-60, "N")]),
)
def test_settling_loses_nothing_and_ends(
    verdict: Verdict, notify: frozenset[str], after: float, attempts: int, wish: DeliverBy | None
) -> None:
    """What is not done is due again, never in the past nor after the end; NEVER is obeyed."""
    mail = replace(MAIL, deliver_by=wish)
    outcome = settled(verdict, after=after, mail=mail, waiting=Waiting(7, Recipient(BOB, notify), attempts))
    next_unix = outcome.settled.next_unix
    assert (outcome.state == "mail.deferred") == (next_unix is not None)
    if next_unix is not None:
        assert QUEUED + after <= next_unix <= QUEUED + 5 * DAY
    if "NEVER" in notify:
        assert outcome.report is None
