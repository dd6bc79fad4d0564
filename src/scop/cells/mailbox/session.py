"""One LMTP conversation with a neighbour: who gets the mail is decided at RCPT, the mail is stored at the end.

Standards: RFC 2033 §4.2 (a reply for each recipient; ours are all alike); RFC 5321 §4.4 (Return-Path);
RFC 3463 (enhanced status codes).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from scop.base import Clock, printable
from scop.cells.mailbox.foldering import Folder, folder_of
from scop.cells.mailbox.vault import Deposit, OverQuota, Vault
from scop.mesh.vocabulary.keeper import RecipientOutcome, ResolvedRecipient
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.net.peer import Peer
from scop.net.trace import new_trace_id
from scop.smtp import ForwardPath, Hello, Mail, Proof, Recipient, Reply, ReversePath, reply
from scop.smtp.stamps import delivery_id, prepend, return_path_field, split_stamps

__all__ = ["Counter", "Delivery", "Resolve"]

Resolve: TypeAlias = Callable[[str], Awaitable[ResolvedRecipient]]

_OK = reply(250, "2.1.0", "Ok")
_RECIPIENT_OK = reply(250, "2.1.5", "Ok")
_UNKNOWN = reply(550, "5.1.1", "No such recipient here")
_DISABLED = reply(550, "5.2.1", "This mailbox takes no mail")
_FULL = reply(452, "4.2.2", "This mailbox is full, try again later")
_LATER = reply(451, "4.3.0", "Try again later")
_NO_LOGIN = reply(502, "5.5.1", "There is no login here")

_REFUSALS = {
    RecipientOutcome.UNKNOWN: _UNKNOWN,
    RecipientOutcome.DISABLED: _DISABLED,
    RecipientOutcome.TRY_LATER: _LATER,
}


@dataclass(frozen=True, slots=True)
class Counter:
    """What every delivery works with; `believed` are the neighbours whose stamps decide on the folder."""

    hostname: str
    vault: Vault
    resolve: Resolve
    believed: frozenset[str]
    clock: Clock
    log: Log


@dataclass(slots=True)
class _Transaction:
    mail: Mail
    trace: str
    accounts: dict[str, None]  # in the order of RCPT, each once


class Delivery:
    """What a neighbour's LMTP means; a `scop.net.mail_server.MailSession`."""

    def __init__(self, counter: Counter, peer: Peer) -> None:
        self._counter = counter
        self._peer = peer
        self._transaction = _Transaction(Mail(ReversePath(None)), "", {})

    async def connected(self) -> Reply:
        """Greet."""
        return reply(220, "", f"{self._counter.hostname} LMTP")

    async def hello(self, _hello: Hello) -> None:
        """Take no interest in names: the pipe knows who it is."""

    async def authenticate(self, _proof: Proof) -> Reply:
        """Refuse: cells are known by their certificates."""
        return _NO_LOGIN

    async def mail(self, mail: Mail) -> Reply:
        """Begin; the trace is the one that our own side minted where the mail came in."""
        known = mail.origin.ident if mail.origin else ""
        self._transaction = _Transaction(mail, known or new_trace_id(), {})
        return _OK

    async def recipient(self, recipient: Recipient) -> Reply:
        """Ask the keeper who gets it, and see whether there is room."""
        try:
            answer = await self._decide(recipient.forward_path)
        except (TemporaryFailure, PermanentFailure) as trouble:  # what the keeper refuses to us may be mended
            return self._refuse(_LATER, str(trouble), recipient.forward_path)
        return _RECIPIENT_OK if answer is None else self._refuse(answer, "", recipient.forward_path)

    async def message(self, octets: bytes) -> Reply:
        """Store for all recipients or for none; positive only once it is durable."""
        started = self._counter.clock.monotonic()
        deposit = self._deposit(octets)
        try:
            fresh = await self._counter.vault.store(deposit)
        except OverQuota as full:
            return self._refuse(_FULL, f"{full} is over its quota")
        except TemporaryFailure as trouble:
            return self._refuse(_LATER, str(trouble))
        self._tell(deposit, fresh, self._counter.clock.monotonic() - started)
        return reply(250, "2.0.0", f"Ok: stored as {deposit.trace}")

    async def reset(self) -> None:
        """Nothing was done yet."""

    async def closed(self) -> None:
        """Nothing is held."""

    async def _decide(self, path: ForwardPath) -> Reply | None:
        """Add the accounts of a recipient; return a refusal or None."""
        found = await self._counter.resolve(str(path.mailbox or ""))
        if found.outcome is not RecipientOutcome.DELIVER:
            return _REFUSALS[found.outcome]
        for account in found.accounts:
            if not await self._counter.vault.has_room(account, self._transaction.mail.size_octets or 0):
                return _FULL
        self._transaction.accounts.update(dict.fromkeys(found.accounts))
        return None

    def _deposit(self, octets: bytes) -> Deposit:
        mail = self._transaction.mail
        _, below = split_stamps(octets, self._counter.hostname)
        # Local mail bears whatever its author wrote: only the verifier removes foreign stamps.
        believed = self._peer.cell in self._counter.believed
        return Deposit(
            accounts=tuple(self._transaction.accounts),
            delivery_id=delivery_id(mail.reverse_path, below),
            folder=folder_of(octets, self._counter.hostname) if believed else Folder.INBOX,
            trace=self._transaction.trace,
            reverse_path=str(mail.reverse_path),
            stored_unix=self._counter.clock.unix(),
            octets=prepend(octets, return_path_field(mail.reverse_path)),
        )

    def _tell(self, deposit: Deposit, fresh: tuple[str, ...], seconds: float) -> None:
        for account in deposit.accounts:
            self._counter.log.info(
                "mail.stored",
                trace=deposit.trace,
                seconds=round(seconds, 6),
                account=account,
                folder=deposit.folder,
                size_octets=len(deposit.octets),
                again=account not in fresh,  # a retry of what is there already
            )

    def _refuse(self, answer: Reply, reason: str, path: ForwardPath | None = None) -> Reply:
        self._counter.log.warning(
            "mail.refused",
            trace=self._transaction.trace,
            reply=str(answer),
            reason=printable(reason) or answer.text[0],
            recipient=printable(str(path)) if path else "",
            peer=self._peer.cell,
        )
        return answer
