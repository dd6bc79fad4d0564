"""The notices that tell a sender what became of a mail: whom to tell what, by which way.

Standards: RFC 3461 §4 and §5.2, RFC 3464; RFC 5321 §6.1 (never to the null path), §4.5.5; RFC 8689 §5
(REQUIRETLS).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from scop.cells.relay.letters import SIGNER, Letter, Load
from scop.dsn import Notice, RecipientReport, Returned, compose_report
from scop.net.trace import new_trace_id
from scop.smtp import ForwardPath, Mail, Mailbox, Recipient, ReversePath

__all__ = ["Notices"]

_CELLS = ("mailbox", "signer")  # the neighbours that may refuse a mail


@dataclass(frozen=True, slots=True)
class Notices:
    """Writes notices in the name of our postmaster."""

    hostname: str
    domain: str

    def letter(self, load: Load, octets: bytes, reports: tuple[RecipientReport, ...], now_unix: float) -> Letter | None:
        """Return the notice about some recipients of a load; None where nobody is to be told."""
        sender = load.mail.reverse_path.mailbox
        if sender is None or not reports:
            return None
        trace = new_trace_id()
        notice = Notice(
            reporting_host=self.hostname,
            author=Mailbox("postmaster", self.domain),
            recipient=sender,
            reports=tuple(map(self._seen_from_outside, reports)),
            arrived_unix=load.queued_unix,
            now_unix=now_unix,
            ident=trace,
            envelope_id=load.mail.envid,
            # RFC 8689 §5: of a mail that requires TLS only the header goes back, whatever RET says ...
            returned=Returned.FULL if load.mail.ret == "FULL" and not load.mail.require_tls else Returned.HDRS,
        )
        # ... and under the same requirement, also to our own mailbox: it may forward the notice.
        return Letter(
            trace=trace,
            mail=Mail(ReversePath(None), smtputf8=notice.is_international, require_tls=load.mail.require_tls),
            recipients=((self._destination(sender), Recipient(ForwardPath(sender))),),
            octets=compose_report(notice, octets),
        )

    def _seen_from_outside(self, report: RecipientReport) -> RecipientReport:
        """Return the report with our own name where one of our cells spoke: nobody outside knows a host "mailbox"."""
        return replace(report, remote_host=self.hostname) if report.remote_host in _CELLS else report

    def _destination(self, sender: Mailbox) -> str:
        """Return our own domain for one of ours; everybody else's notice is sealed first."""
        return self.domain if sender.domain_key == self.domain else SIGNER
