"""Telling others what was found out, without keeping mail waiting: the reporter counts, the receiver's firewall weighs.

Standards: none.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import msgspec

from scop.base import printable
from scop.base.sources import Sources
from scop.mesh.calls import Caller
from scop.mesh.calls.outbox import Outbox, OutboxLimits
from scop.mesh.vocabulary.receiver import NotedDeed, NoteDeeds
from scop.mesh.vocabulary.reporter import JudgedMail, NoteJudgements
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log

__all__ = ["Telling", "TellingLimits"]


@dataclass(frozen=True, slots=True)
class TellingLimits(OutboxLimits):
    """How much waits, and how long."""

    headers: int = 1000  # of what waits, that may have a header for a failure report beside it: 8 MB
    urgent_seconds: float = 1.0  # how long a refusal waits for the firewall to have heard of it


class Telling:
    """The verifier's two listeners; clients in our own networks are never spoken of as honest or as offenders."""

    def __init__(
        self,
        reporter: Caller,
        receiver: Caller,
        log: Log,
        *,
        own_networks: tuple[str, ...] = (),
        limits: TellingLimits | None = None,
    ) -> None:
        self._limits = limits or TellingLimits()
        self._reporter = reporter
        self._receiver = receiver
        self._log = log
        self._sources = Sources(own_networks)
        self._judgements = Outbox[JudgedMail](self._tell_judgements, "reporter", log, self._limits)
        self._deeds = Outbox[NotedDeed](self._tell_deeds, "receiver", log, self._limits)

    def judged(self, mail: JudgedMail) -> None:
        """Have the reporter count a mail; where many wait, without its header."""
        if mail.header and len(self._judgements) >= self._limits.headers:
            mail = msgspec.structs.replace(mail, header=b"")
        self._judgements.put(mail)

    def did(self, deed: NotedDeed) -> None:
        """Have the firewall weigh a deed, some time soon."""
        if self._is_stranger(deed.address):
            self._deeds.put(deed)

    async def did_now(self, deed: NotedDeed) -> None:
        """Return when the firewall has weighed a deed, so that the next connection meets it; in a second anyhow."""
        if not self._is_stranger(deed.address):
            return
        try:
            await self._receiver.call(NoteDeeds((deed,)), timeout_seconds=self._limits.urgent_seconds)
        except TemporaryFailure:
            self._deeds.put(deed)
        except PermanentFailure as refusal:  # it weighs no such thing, and will not later
            self._log.warning("told.dropped", peer="receiver", count=1, reason=printable(str(refusal)))

    async def close(self) -> None:
        """Tell what is left and close both pipes."""
        await asyncio.gather(self._judgements.close(), self._deeds.close())
        await self._reporter.close()
        await self._receiver.close()

    async def _tell_judgements(self, batch: tuple[JudgedMail, ...]) -> None:
        await self._reporter.call(NoteJudgements(batch))

    async def _tell_deeds(self, batch: tuple[NotedDeed, ...]) -> None:
        await self._receiver.call(NoteDeeds(batch))

    def _is_stranger(self, address: str) -> bool:
        """Say whether it has a source that is not ours; a unix socket or an unknown client has none."""
        return self._sources.of(address) is not None
