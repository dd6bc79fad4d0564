"""The part of a notice that people read: what happened, to whom, why, what they can do now, what the other side said.

Every sentence is ours and in one voice, whatever a server answered; its own words stand at the end of each entry,
marked as such. All of it is ASCII but for the names that people chose.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from scop.base import printable
from scop.dsn.notice import Action, Notice, RecipientReport, Returned
from scop.dsn.statuses import ASK_POSTMASTER, Words, words_of
from scop.smtp.stamps import date_time

__all__ = ["replied_words", "subject_of", "text_of"]

WIDTH = 72  # of a line, so that a quoted one still fits
MAX_SUBJECT_CHARACTERS = 120  # of the original's
MAX_REPLY_CHARACTERS = 400  # of a server's words; a line of mail has 998 octets (RFC 5322 §2.1.1)

_OUTCOMES = {
    Action.FAILED: "Not delivered",
    Action.DELAYED: "Not delivered yet",
    Action.DELIVERED: "Delivered",
    Action.RELAYED: "Passed on",
    Action.EXPANDED: "Passed on to a list",
}
_HAPPENED = {
    Action.FAILED: "{mail} was not delivered to {whom}. It will not be tried again.",
    Action.DELAYED: "{mail} has not been delivered to {whom} yet. It is still being tried: you need not send it again.",
    Action.DELIVERED: "{mail} was delivered to {whom}.",
    Action.RELAYED: "{mail} was passed on for {whom} to another mail system. "
    "You may hear no more of it unless something goes wrong.",
    Action.EXPANDED: "{mail} was passed on to all members of a list for {whom}.",
}


def subject_of(notice: Notice, original_subject: str) -> str:
    """Return the outcome and the subject of the mail it is about, or its date where that has none."""
    about = printable(original_subject.strip(), limit=MAX_SUBJECT_CHARACTERS)
    return f"{_OUTCOMES[notice.action]}: {about or f'your mail of {date_time(notice.arrived_unix)}'}"


def text_of(notice: Notice, original_subject: str, returned: Returned) -> str:
    """Return the text; `returned` is what of the mail is there below it."""
    subject = printable(original_subject.strip(), limit=MAX_SUBJECT_CHARACTERS)
    mail = f'Your mail "{subject}"' if subject else "Your mail"
    mail = f"{mail} of {date_time(notice.arrived_unix)}"
    paragraphs: list[str] = []
    for action in Action:
        reports = [report for report in notice.reports if report.action is action]
        if reports:
            whom = "this recipient" if len(reports) == 1 else f"these {len(reports)} recipients"
            paragraphs.append(_filled(_HAPPENED[action].format(mail=mail, whom=whom)))
            paragraphs += [_entry(report) for report in reports]
    paragraphs += _ending(notice, returned)
    return "\n\n".join(paragraphs) + "\n"


def replied_words(report: RecipientReport) -> str:
    """Return the last server's words on one line of ASCII, whatever it said (RFC 3464 §2.3.6)."""
    shown = printable(str(report.reply), limit=MAX_REPLY_CHARACTERS)
    return shown.encode("ascii", "replace").decode("ascii")


def _entry(report: RecipientReport) -> str:
    mailbox = report.forward_path.mailbox
    return "\n".join([f"  {printable(str(mailbox or 'Postmaster'))}", *_reasons(report)])


def _reasons(report: RecipientReport) -> Iterator[str]:
    # No server said it and the status says nothing: then we know best why.
    is_ours = bool(report.reason) and report.reply is None and report.status.endswith(".0.0")
    if report.action in (Action.FAILED, Action.DELAYED):
        words = Words(f"{printable(report.reason)}.", ASK_POSTMASTER) if is_ours else words_of(report.status)
        yield _indented("Why", words.why)
        if report.action is Action.FAILED:
            yield _indented("What you can do", words.advice)
    if report.will_retry_until_unix is not None:
        yield _indented("Tried until", date_time(report.will_retry_until_unix))
    if report.reason and not is_ours:
        yield _indented("In detail", printable(report.reason))
    if report.reply is not None:
        yield _indented(f"What {printable(report.remote_host) or 'the other server'} said", replied_words(report))


def _ending(notice: Notice, returned: Returned) -> Iterator[str]:
    if notice.action is Action.FAILED:
        what = "Your mail" if returned is Returned.FULL else "The header of your mail"
        yield _filled(f"{what} is attached below, with a report for programs.")
    yield _filled(
        f"This report was written by the mail system of {notice.reporting_host}. "
        f"If you need help, forward it to {notice.author}: a person reads that."
    )


def _filled(text: str) -> str:
    return textwrap.fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _indented(name: str, text: str) -> str:
    return textwrap.fill(
        f"{name}: {text}",
        WIDTH,
        initial_indent="    ",
        subsequent_indent="      ",
        break_long_words=False,
        break_on_hyphens=False,
    )
