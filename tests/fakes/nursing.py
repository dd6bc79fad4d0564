"""Nurseries for tests: hands mails out as the cell does, as root and as an ordinary user."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from scop.cells.examiner.arrivals import ArrivedMail
from scop.cells.examiner.nurse import ErrandLimits, Nurse, Outcome

__all__ = ["HOSTILE_NURSERY", "arrived", "looked_into", "nursed"]

HOSTILE_NURSERY = (sys.executable, str(Path(__file__).resolve().parent / "hostile_nursery.py"))


def arrived(octets: bytes, client: str = "192.0.2.1") -> ArrivedMail:
    """Return a mail in memory."""
    mail = ArrivedMail(client, len(octets))
    mail.append(octets)
    mail.finish()
    return mail


@asynccontextmanager
async def nursed(command: Sequence[str], limits: ErrandLimits | None = None) -> AsyncIterator[Nurse]:
    """Run a nursery beside the test."""
    nurse = Nurse.start(command, limits or ErrandLimits())
    nurse.attend()
    try:
        yield nurse
    finally:
        nurse.close()


async def looked_into(nurse: Nurse, octets: bytes) -> Outcome:
    """Return what became of a mail."""
    mail = arrived(octets)
    try:
        return await nurse.look(mail.descriptor, mail.octets, 10)
    finally:
        mail.close()
