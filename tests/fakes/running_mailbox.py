"""A mailbox that runs in this process, with a keeper of two people, a signer and a reporter that write all down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

from fakes.jumping_clock import JumpingClock
from fakes.loops import PATIENCE_SECONDS
from fakes.mail_sessions import Listening, Records, serve
from fakes.mesh import KeptLog
from fakes.named_inlet import NamedInlet
from fakes.pupil import Pupil, pupil
from scop.cells.mailbox.manifest import MANIFEST
from scop.cells.mailbox.service import MailboxOptions, run
from scop.mesh.calls import Caller
from scop.mesh.cell import Life
from scop.mesh.vocabulary.keeper import RecipientOutcome, ResolvedRecipient
from scop.mesh.vocabulary.mailbox import ListMail, MailList
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.mail_client import MailClient
from scop.net.mail_pool import MailPool
from scop.smtp import Envelope, ForwardPath, Mail, Origin, Recipient, ReversePath, ServerOptions

__all__ = ["BELOW", "CAROL", "HOST", "RECEIVED", "SPAM", "RunningMailbox", "envelope", "running_mailbox"]

HOST = "mx.harbor.test"
CAROL = ReversePath.parse("<carol@lagoon.test>")
BELOW = b"From: Carol <carol@lagoon.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nText\r\n"
RECEIVED = (
    b"Received: from mx.lagoon.test (mx.lagoon.test [192.0.2.1])\r\n\tby mx.harbor.test with ESMTPS\r\n\tid t; now\r\n"
)
SPAM = b"X-SCoP-Disposition: none\r\nX-SCoP-Spam: spam; score=0.998; clues=\r\n"

KNOWN = {
    "alice@harbor.test": ResolvedRecipient(RecipientOutcome.DELIVER, ("alice",)),
    "alice+x@harbor.test": ResolvedRecipient(RecipientOutcome.DELIVER, ("alice",)),
    "bob@harbor.test": ResolvedRecipient(RecipientOutcome.DELIVER, ("bob",)),
    "team@harbor.test": ResolvedRecipient(RecipientOutcome.DELIVER, ("alice", "bob")),
    "gone@harbor.test": ResolvedRecipient(RecipientOutcome.DELIVER, (), ("alice@elsewhere.test",)),
    "both@harbor.test": ResolvedRecipient(RecipientOutcome.DELIVER, ("bob",), ("bob@one.test", "bob@two.test")),
    "closed@harbor.test": ResolvedRecipient(RecipientOutcome.DISABLED),
    "": ResolvedRecipient(RecipientOutcome.TRY_LATER),
}
UNKNOWN = ResolvedRecipient(RecipientOutcome.UNKNOWN)


async def resolve(address: str) -> ResolvedRecipient:
    """Answer as a keeper would; two addresses stand for a keeper that is away or refuses us."""
    if address == "away@harbor.test":
        raise TemporaryFailure("no connection to 127.0.0.1 port 21005")
    if address == "refused@harbor.test":
        raise PermanentFailure("unknown question")
    return KNOWN.get(address, UNKNOWN)


class RunningMailbox:
    """A mailbox, what it logs, and its neighbours."""

    def __init__(
        self, state: Path, neighbours: tuple[Listening, Listening], records: tuple[Records, Records], pupil: Pupil
    ) -> None:
        self.kept = KeptLog()
        self.pupil = pupil
        self.signer, reporter = neighbours
        self.signed, self.reported = records
        self.inlet = NamedInlet(dict(MANIFEST.granted()))
        self.options = MailboxOptions(
            hostname=HOST,
            domain="harbor.test",
            state=state,
            inlet=self.inlet,
            resolve=resolve,
            signer=MailPool(self.signer.dialer(), name=HOST, lmtp=False),
            reporter=MailPool(reporter.dialer(), name=HOST, lmtp=True),
            filter=pupil.caller(),
            log=self.kept.log("mailbox"),
            clock=JumpingClock(),
            life=Life(),
            max_message_octets=5_000_000,
            max_recipients=100,
            account_octets=4_000_000,
            report_local_parts=frozenset({"reports", "team"}),
            learned_at={"spam": "spam", "ham": "ham", "team": "spam"},
        )
        self._clients: list[MailClient] = []
        self._operator: Caller | None = None

    async def client(self, cell: str) -> MailClient:
        """Return an LMTP client that is believed to be `cell`."""
        self._clients.append(await MailClient.open(self.inlet.dial(cell), name=cell, lmtp=True))
        return self._clients[-1]

    @property
    def operator(self) -> Caller:
        """Return how the operator asks."""
        if self._operator is None:
            self._operator = Caller(self.inlet.dial("operator"))
        return self._operator

    async def mails(self, account: str) -> MailList:
        """List an account's mails."""
        return await self.operator.call(ListMail(account))

    def lines(self, event: str) -> list[dict[str, object]]:
        """Return the log lines of an event."""
        return [line for line in self.kept.lines if line["event"] == event]

    async def end(self) -> None:
        """Close every connection."""
        for client in self._clients:
            client.close()
        if self._operator is not None:
            await self._operator.close()
        await self.inlet.end()


@asynccontextmanager
async def running_mailbox(state: Path, *, tells_results: bool = False) -> AsyncIterator[RunningMailbox]:
    """Run a mailbox over its state folder."""
    signed, reported = Records(), Records()
    reading = ServerOptions("reporter", trusted=True, lmtp=True)
    async with (
        serve(signed.session, ServerOptions("signer", trusted=True)) as signer,
        serve(reported.session, reading) as reporter,
        pupil() as learner,
    ):
        mailbox = RunningMailbox(state, (signer, reporter), (signed, reported), learner)
        mailbox.options = replace(mailbox.options, tells_results=tells_results)
        ready = asyncio.Event()
        mailbox.options.life.on_ready(ready.set)
        serving = asyncio.ensure_future(run(mailbox.options))
        await asyncio.wait_for(ready.wait(), PATIENCE_SECONDS)
        try:
            yield mailbox
        finally:
            mailbox.options.life.stop()
            await serving
            await mailbox.end()


def envelope(*addresses: str, reverse_path: ReversePath = CAROL) -> Envelope:
    """Build the envelope of a mail from carol, unless from somebody else."""
    mail = Mail(reverse_path, origin=Origin(ident="0123456789ab"))
    return Envelope(mail, tuple(Recipient(ForwardPath.parse(f"<{address}>")) for address in addresses))
