"""Hands letters to the signer, one after the other, and comes back to those that were not taken.

Standards: RFC 5321 §4.5.4.1 (when to try again), RFC 3461 §4.1 and §4.4 (NOTIFY, ENVID), RFC 9990 §3.5.2.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass

from scop.base import Clock, LocalProtocolError
from scop.cells.reporter.letters import Letter, LetterState, due_letters, next_due, note_later, note_over
from scop.net.faults import TemporaryFailure
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.smtp import Envelope, ForwardPath, Mail, Mailbox, Origin, Recipient, ReversePath
from scop.store import Database

__all__ = ["Posting", "PostingOptions", "pause_after"]

FIRST_PAUSE_SECONDS = 60.0  # our own signer or relay is away: it is restarted by then
LONGEST_PAUSE_SECONDS = 14_400.0  # no report is so urgent; six tries a day
GIVE_UP_SECONDS = 345_600.0  # RFC 5321 §4.5.4.1: four to five days
LONGEST_SLEEP_SECONDS = 3_600.0  # a clock may be set meanwhile


@dataclass(frozen=True, slots=True)
class PostingOptions:
    """Whose letters they are, and who takes them."""

    author: Mailbox  # the address of the reporter
    signer: MailPool
    database: Database
    clock: Clock
    log: Log


def pause_after(attempts: int) -> float:
    """Return how long a letter waits after so many attempts."""
    return min(FIRST_PAUSE_SECONDS * 2.0 ** min(attempts, 20), LONGEST_PAUSE_SECONDS)


class Posting:
    """Runs for the reporter's life; `wake` where letters were added."""

    def __init__(self, options: PostingOptions) -> None:
        self._options = options
        self._awake = asyncio.Event()

    def wake(self) -> None:
        """Look for letters now."""
        self._awake.set()

    async def run(self) -> None:
        """Send what is due, for ever."""
        while True:
            self._awake.clear()
            try:
                await self._send_due()
                next_unix = await self._options.database.read(next_due)
            except sqlite3.Error as fault:  # a full disk is emptied some day, and what is written down waits
                self._options.log.error("report.stuck", reason=str(fault))
                next_unix = self._options.clock.unix() + FIRST_PAUSE_SECONDS
            await self._sleep(next_unix)

    async def _send_due(self) -> None:
        options = self._options
        while letters := await options.database.read(lambda sql: due_letters(sql, options.clock.unix())):
            for letter in letters:
                await self._send(letter)

    async def _sleep(self, until_unix: float | None) -> None:
        seconds = LONGEST_SLEEP_SECONDS
        if until_unix is not None:
            seconds = min(max(until_unix - self._options.clock.unix(), 0.05), seconds)
        try:
            async with asyncio.timeout(seconds):
                await self._awake.wait()
        except TimeoutError:
            return

    async def _send(self, letter: Letter) -> None:
        options = self._options
        try:
            said = await options.signer.transaction(self._envelope(letter), letter.octets)
        except TemporaryFailure as fault:
            await self._put_off(letter, str(fault))
            return
        except (ValueError, LocalProtocolError) as fault:  # an address or a mail that SMTP cannot say
            await self._end(letter, LetterState.REFUSED, str(fault))
            return
        answers = (said.mail, *said.recipients, *said.messages)
        refusal = next((each for each in answers if not each.is_positive), None)
        if refusal is None:
            await self._end(letter, LetterState.PASSED, str(answers[-1]))
        elif refusal.is_permanent:
            await self._end(letter, LetterState.REFUSED, str(refusal))
        else:
            await self._put_off(letter, str(refusal))

    def _envelope(self, letter: Letter) -> Envelope:
        mail = Mail(
            ReversePath(self._options.author),
            size_octets=len(letter.octets),
            envid=letter.envelope_id,
            ret="HDRS",
            origin=Origin(ident=letter.trace),
        )
        # Nobody waits for a report, so a delay is nothing to tell of.
        recipient = Recipient(ForwardPath(Mailbox.parse(letter.destination)), notify=frozenset({"FAILURE"}))
        return Envelope(mail, (recipient,))

    async def _put_off(self, letter: Letter, words: str) -> None:
        options = self._options
        now = options.clock.unix()
        if now - letter.made_unix > GIVE_UP_SECONDS:
            await self._end(letter, LetterState.REFUSED, f"given up: {words}")
            return
        next_unix = now + pause_after(letter.attempts)
        await options.database.write(lambda sql: note_later(sql, letter, next_unix, words))
        options.log.warning("report.deferred", trace=letter.trace, recipient=letter.destination, reason=words)

    async def _end(self, letter: Letter, state: LetterState, words: str) -> None:
        options = self._options
        await options.database.write(lambda sql: note_over(sql, letter, state, words))
        tell = options.log.info if state is LetterState.PASSED else options.log.warning
        tell(f"report.{state}", trace=letter.trace, recipient=letter.destination, reply=words)
