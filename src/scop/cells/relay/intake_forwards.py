"""Forwarded mail leaves under a sender of our own, and what comes back to such a sender finds its way home.

Standards: The Sender Rewriting Scheme (M. Wong, S. Banerjee, 2003).
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from scop import srs
from scop.base import Clock
from scop.base.days import DAY_SECONDS
from scop.cells.relay.queue import Queue
from scop.mesh.whole_file import write_whole
from scop.smtp import Mailbox, ReversePath

__all__ = ["Forwards", "load_or_make_secret"]

SECRET_OCTETS = 32
KEPT_SECONDS = (srs.MAX_DAYS + 2) * DAY_SECONDS  # a reference outlives every address that bears it


@dataclass(frozen=True, slots=True)
class Forwards:
    """Both directions, for one domain."""

    domain: str
    secret: bytes
    queue: Queue
    clock: Clock

    def bears(self, mailbox: Mailbox) -> bool:
        """Tell whether an address looks like a sender that we rewrote."""
        return srs.is_rewritten(mailbox) and mailbox.domain_key == self.domain

    async def home(self, mailbox: Mailbox) -> Mailbox | None:
        """Return whose address was rewritten to this one; None where we did not do it, or too long ago."""
        day = self._day()
        reference = srs.referred(mailbox, secret=self.secret, day=day)
        if reference is None:
            return srs.reverse(mailbox, secret=self.secret, day=day)
        kept = await self.queue.read(lambda sql: _kept(sql, reference))
        return None if kept is None else Mailbox.parse(kept)

    async def sender(self, path: ReversePath) -> ReversePath:
        """Return the reverse path under which mail leaves our domain: ours and the null path as they are."""
        rewritten, reference = self._rewritten(path)
        if reference:
            mailbox, now = str(path.mailbox), self.clock.unix()
            await self.queue.write(lambda sql: _keep(sql, reference, mailbox, now))
        return rewritten

    def identity(self, path: ReversePath) -> ReversePath:
        """Return the same for who only wants to know it: nothing is kept of it."""
        return self._rewritten(path)[0]

    def _rewritten(self, path: ReversePath) -> tuple[ReversePath, str]:
        """Return a path of ours, and the reference by which a long address has to be kept beside the queue."""
        mailbox = path.mailbox
        if mailbox is None or mailbox.domain_key == self.domain:
            return path, ""
        day = self._day()
        try:
            return ReversePath(srs.forward(mailbox, domain=self.domain, secret=self.secret, day=day)), ""
        except srs.TooLong:
            address, reference = srs.refer(mailbox, domain=self.domain, secret=self.secret, day=day)
            return ReversePath(address), reference

    def _day(self) -> int:
        return int(self.clock.unix()) // DAY_SECONDS


def _kept(sql: sqlite3.Connection, reference: str) -> str | None:
    found: tuple[str] | None = sql.execute("SELECT mailbox FROM senders WHERE reference = ?", (reference,)).fetchone()
    return None if found is None else found[0]


def _keep(sql: sqlite3.Connection, reference: str, mailbox: str, now_unix: float) -> None:
    sql.execute("DELETE FROM senders WHERE unix < ?", (now_unix - KEPT_SECONDS,))
    sql.execute(
        "INSERT OR REPLACE INTO senders (reference, mailbox, unix) VALUES (?, ?, ?)", (reference, mailbox, now_unix)
    )


def load_or_make_secret(state: Path) -> bytes:
    """Return the key of the hashes in our addresses; made at the first start, durable before it returns."""
    path = state / "srs.secret"
    try:
        return path.read_bytes()
    except FileNotFoundError:
        made = secrets.token_bytes(SECRET_OCTETS)
    write_whole(path, made)
    return made
