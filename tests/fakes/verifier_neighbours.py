"""Whom the verifier tells what it found out: a reporter and a receiver on loopback that write it down."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fakes.mesh import KeptLog
from fakes.named_inlet import NamedInlet
from scop.cells.verifier.telling import Telling, TellingLimits
from scop.mesh.calls import Answers, Caller, CallServer
from scop.mesh.protocol import PipeProtocol
from scop.mesh.vocabulary.receiver import Noted, NotedDeed, NoteDeeds
from scop.mesh.vocabulary.reporter import JudgedMail, NoteJudgements, Taken
from scop.net.peer import Peer

__all__ = ["SHORT_LIMITS", "Neighbours", "verifier_neighbours"]

SHORT_LIMITS = TellingLimits(waiting=4, headers=2, batch=2, pause_seconds=0.0, urgent_seconds=20.0, flush_seconds=60.0)


class Neighbours:
    """What both were told; the receiver is silent while `answers_deeds` is not set."""

    def __init__(self) -> None:
        self.judgements: list[JudgedMail] = []
        self.deeds: list[NotedDeed] = []
        self.hears_deeds, self.answers_deeds = asyncio.Event(), asyncio.Event()
        self.answers_deeds.set()
        self.inlet = NamedInlet({"verifier": PipeProtocol.CALL})

    async def note_judgements(self, asked: NoteJudgements, _peer: Peer) -> Taken:
        """Write judgements down."""
        self.judgements += asked.judgements
        return Taken(len(asked.judgements))

    async def note_deeds(self, asked: NoteDeeds, _peer: Peer) -> Noted:
        """Write deeds down."""
        self.hears_deeds.set()
        await self.answers_deeds.wait()
        self.deeds += asked.deeds
        return Noted(len(asked.deeds))


@asynccontextmanager
async def verifier_neighbours(*own_networks: str) -> AsyncIterator[tuple[Neighbours, Telling]]:
    """Run both; at the end all is told."""
    found, kept = Neighbours(), KeptLog()
    answers: Answers = {NoteJudgements: found.note_judgements, NoteDeeds: found.note_deeds}
    await found.inlet.serve({PipeProtocol.CALL: lambda peer: CallServer(peer, answers, kept.log())})
    callers = Caller(found.inlet.dial("verifier")), Caller(found.inlet.dial("verifier"))
    telling = Telling(*callers, kept.log("verifier"), own_networks=own_networks, limits=SHORT_LIMITS)
    try:
        yield found, telling
    finally:
        found.answers_deeds.set()
        await telling.close()
        await found.inlet.end()
