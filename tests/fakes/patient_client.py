"""A mail client that does not give up, as every mail client."""

from __future__ import annotations

import contextlib
import smtplib
import threading
import time

from fakes.real_mesh import RunningWorld

__all__ = ["PatientClient", "letter"]

PATIENCE_SECONDS = 60.0


def letter(subject: str, sender: str, recipient: str) -> bytes:
    """Return a small mail with a subject of its own."""
    return (
        f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\nDate: Wed, 25 Nov 2026 09:00:00 +0000\r\n"
        f"Message-ID: <{subject}@lagoon.test>\r\n\r\n{'The mesh heals. ' * 60}\r\n"
    ).encode()


class PatientClient:
    """Submits until it reads 250, as every mail client does: again after 4yz, again after a broken connection."""

    def __init__(self, running: RunningWorld, user: str) -> None:
        self._running = running
        self._user = user
        self._connection: smtplib.SMTP_SSL | None = None

    def submit(self, sender: str, recipient: str, octets: bytes) -> None:
        """Return once the mail got its 250."""
        pause = threading.Event()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                if self._attempt(sender, recipient, octets) == 250:
                    return
            self.hang_up()
            pause.wait(0.2)
        raise TimeoutError(f"no 250 within {PATIENCE_SECONDS} s")

    def _attempt(self, sender: str, recipient: str, octets: bytes) -> int:
        if self._connection is None:
            self._connection = self._running.login(self._user)
        refused = self._connection.sendmail(sender, [recipient], octets)
        return 250 if not refused else 451

    def hang_up(self) -> None:
        """Close without a word."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
