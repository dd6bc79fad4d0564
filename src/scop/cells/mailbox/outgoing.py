"""What of one delivery goes on to the signer: forwards, bounces of what was forwarded, notices of delivery.

Nothing of it is kept here: the signer's positive reply means that the relay has it on the disk. Where the
signer is down the reply is 451, and the whole delivery comes again; the relay knows a mail that it has.

Standards: RFC 5321 §4.2.5 (responsibility); RFC 3461 §5.2.3 (delivered); RFC 5321 §4.5.5 (the null reverse path);
RFC 8689 §5 (REQUIRETLS).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scop.cells.mailbox.passing import Passing
from scop.dsn import Action, Notice, RecipientReport, compose_report
from scop.net.mail_pool import MailPool
from scop.net.onward import Onward
from scop.net.trace import new_trace_id
from scop.smtp import Envelope, ForwardPath, Mail, Mailbox, Origin, Recipient, Reply, ReversePath

__all__ = ["DeliveredNotice", "Outgoing"]


class Outgoing:
    """One delivery's transactions with the signer."""

    def __init__(self, signer: MailPool) -> None:
        self._signer = signer
        self.returning = Passing(signer)  # a bounce on its way back: the relay knows whether it ever sent this
        self.last_failure = ""  # for the log

    async def hand_on(self, envelope: Envelope, octets: bytes) -> Reply:
        """Hand over one mail for all of its recipients; return the first refusal, or the reply to the message."""
        onward = Onward(self._signer)
        mail = replace(envelope.mail, size_octets=len(octets))
        await onward.mail(mail, mail.origin)
        for recipient in envelope.recipients:
            answer = await onward.recipient(recipient)
            if not answer.is_positive:
                break
        else:
            answer = await onward.message(octets)
        await onward.abandon()
        self.last_failure = onward.last_failure
        return answer


@dataclass(frozen=True, slots=True)
class DeliveredNotice:
    """Tells the sender of a mail that it was delivered (RFC 3461 §5.2.3); `recipients` wanted that told."""

    hostname: str
    domain: str
    mail: Mail
    sender: Mailbox
    recipients: tuple[Recipient, ...]
    now_unix: float

    def compose(self, original: bytes) -> tuple[Envelope, bytes]:
        """Return the notice and its envelope, from the null reverse path."""
        ident = new_trace_id()
        notice = Notice(
            reporting_host=self.hostname,
            author=Mailbox("postmaster", self.domain),
            recipient=self.sender,
            reports=tuple(map(_delivered, self.recipients)),
            arrived_unix=self.now_unix,
            now_unix=self.now_unix,
            ident=ident,
            envelope_id=self.mail.envid,
        )
        mail = Mail(
            ReversePath(None),
            smtputf8=notice.is_international,
            # RFC 8689 §5: what tells of a mail that requires TLS requires it too.
            require_tls=self.mail.require_tls,
            origin=Origin(ident=ident),
        )
        return Envelope(mail, (Recipient(ForwardPath(self.sender)),)), compose_report(notice, original)


def _delivered(recipient: Recipient) -> RecipientReport:
    return RecipientReport(
        recipient.forward_path, Action.DELIVERED, "2.1.5", original_recipient=recipient.original_recipient
    )
