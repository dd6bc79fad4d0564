"""The report that goes back when a mail finally failed.

Standards: RFC 3464; RFC 5321 §6.1 (never to the null path), §4.5.5.
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.cells.relay.letters import SIGNER, Letter, Load
from scop.dsn import Failure, Notice, compose_bounce
from scop.net.trace import new_trace_id
from scop.smtp import ForwardPath, Mail, Mailbox, Recipient, ReversePath

__all__ = ["Bouncer"]


@dataclass(frozen=True, slots=True)
class Bouncer:
    """Writes bounces in the name of our postmaster."""

    hostname: str
    domain: str

    def bounce(self, load: Load, octets: bytes, failures: tuple[Failure, ...], now_unix: float) -> Letter | None:
        """Return the bounce of some recipients of a load; None where nobody may be told."""
        sender = load.mail.reverse_path.mailbox
        if sender is None or not failures:
            return None
        trace = new_trace_id()
        notice = Notice(
            reporting_host=self.hostname,
            author=Mailbox("postmaster", self.domain),
            recipient=sender,
            failures=failures,
            arrived_unix=load.queued_unix,
            now_unix=now_unix,
            ident=trace,
        )
        return Letter(
            trace=trace,
            mail=Mail(ReversePath(None), smtputf8=notice.is_international),
            recipients=((self._destination(sender), Recipient(ForwardPath(sender))),),
            octets=compose_bounce(notice, octets),
        )

    def _destination(self, sender: Mailbox) -> str:
        """Return our own domain for one of ours; everybody else's bounce is sealed first."""
        return self.domain if sender.domain_key == self.domain else SIGNER
