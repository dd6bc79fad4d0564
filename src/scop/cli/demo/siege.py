"""A forger who goes on: harbor's receiver hangs up after the tenth forged mail, and lets him in again after a while."""

from __future__ import annotations

import smtplib
import time
from dataclasses import dataclass

from scop.cli.demo.attacks import forged_sender
from scop.cli.demo.post import one_line
from scop.cli.demo.scene import BAN_SECONDS, PORTS, World
from scop.reputation import Rules

__all__ = ["Siege", "besiege"]

FORGED_MAILS = int(Rules().offences.refuse)
PATIENCE_SECONDS = BAN_SECONDS + 30.0
PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Siege:
    """How it went."""

    forged_mails: int  # that were refused one by one, before the door was shut
    answer: str  # what the next connection read
    seconds: float  # from before the last of them until the door was open again; 0 if it never was

    @property
    def withstood(self) -> bool:
        """Whether the forger was shut out when he had to be, and let in again when he had to be."""
        return self.forged_mails == FORGED_MAILS and self.seconds >= BAN_SECONDS


def besiege(world: World, recipient: str, forged_mails: int) -> Siege:
    """Forge one mail after the other, `forged_mails` being forged already, until nobody listens; then wait."""
    last = time.monotonic()
    answer = _greeting(world)
    while not answer and forged_mails < 2 * FORGED_MAILS:
        last = time.monotonic()
        forged_sender(world, recipient)
        forged_mails += 1
        answer = _greeting(world)
    shut = time.monotonic()
    while answer and time.monotonic() - shut < PATIENCE_SECONDS:
        time.sleep(PAUSE_SECONDS)
        if not _greeting(world):
            return Siege(forged_mails, answer, round(time.monotonic() - last, 1))
    return Siege(forged_mails, answer, 0.0)


def _greeting(world: World) -> str:
    """Return with which words a connection of the forger's is refused, '' where he is greeted."""
    try:
        with smtplib.SMTP(
            world.harbor.address, PORTS.smtp, source_address=(world.forger, 0), local_hostname="forger.test"
        ):
            return ""
    except smtplib.SMTPConnectError as refused:
        words = refused.smtp_error
        return one_line(
            f"{refused.smtp_code} {words.decode('utf-8', 'replace') if isinstance(words, bytes) else words}"
        )
