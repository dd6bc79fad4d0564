"""Looks after keys and signatures while the primary runs: what is due is signed, and rolls take their steps.

A zone is looked at as soon as a step of it may be over, and every few minutes at least; while the parent's DS is
awaited, the resolver is asked for it as often. Also when nothing is under way it is looked at now and then: keys that
came out of an old backup sign for nobody.

Standards: RFC 7583 §3.3 (the parent's DS is looked at, not assumed), RFC 7344 §4.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from scop.base import Clock
from scop.cells.primary.holdings import Author, Holdings
from scop.cells.primary.signing import ZoneSigner
from scop.dns import Question
from scop.dns.rdata import DS
from scop.dns.zone.cds import named_keys
from scop.dns.zone.rollover import KeyState, Kind, Parent, Step, awaits_parent
from scop.dns.zone.serial import following, with_serial
from scop.dns.zone.zone import Zone
from scop.net.dns_client import Names
from scop.net.log import Log

__all__ = ["KeyWatch", "vouched"]

# A signature is made anew a week before it ends, but after a clock was set back the zone may be bogus by now.
LOOK_SECONDS = 300.0
STRANGE_SECONDS = 3600.0  # between two complaints that the parent vouches for other keys
PARENT_SECONDS = 300.0  # between two questions for the parent's DS
RETRY_SECONDS = 60.0  # after a disk failed
MAX_STEPS = 10  # in one look; the longest roll has five
_WHO = "primary"


class KeyWatch:
    """Looks after the zones of one signer; without `names` the parent's DS has to be vouched for by the operator."""

    def __init__(self, signer: ZoneSigner, holdings: Holdings, names: Names | None, log: Log, clock: Clock) -> None:
        self.signer = signer
        self._holdings = holdings
        self._names = names
        self._log = log
        self._clock = clock
        self._sooner = asyncio.Event()
        self._looking = asyncio.Lock()
        self._compare_at: dict[str, float] = {}  # when a zone's keys are to be compared with the parent's DS

    async def run(self) -> None:
        """Look after all zones until cancelled."""
        while True:
            self._sooner.clear()
            pause = LOOK_SECONDS
            for origin in self.signer.origins():
                pause = min(pause, await self._looked_after(origin))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):  # not wait_for, which may lose a cancellation that meets the event
                    await self._sooner.wait()

    async def look(self, origin: str, parent: Parent | None = None) -> None:
        """Do for a zone what is due; `parent` is what somebody vouches for. Raises `OSError`."""
        async with self._looking:
            for _ in range(MAX_STEPS):
                seen = parent or await self._parent(origin)
                stepped = await asyncio.to_thread(self.signer.step, origin, seen, self._now())
                if stepped:
                    self._tell(origin)
                if await asyncio.to_thread(self.signer.needs_renewal, origin, self._now()):
                    why = _why(self.signer.state(origin)) if stepped else "signatures made anew"
                    # Shielded: what is written and what is shown must become the same, also when the cell ends now.
                    await asyncio.shield(self._holdings.renew(origin, Author(_WHO, why), _under_next_serial))
                if not stepped:
                    break
        await self._compare(origin)

    async def roll(self, origin: str, kind: Kind) -> None:
        """Begin a roll and show it. Raises `RollRefused`, `KeyError` and `OSError`."""
        await asyncio.to_thread(self.signer.roll, origin, kind, self._now())
        self._tell(origin)
        await self.look(origin)
        self._sooner.set()

    async def hasten(self, origin: str) -> None:
        """Take the next step of each roll now. Raises `KeyError` and `OSError`."""
        await asyncio.to_thread(self.signer.hasten, origin, self._now())
        await self.look(origin)
        self._sooner.set()

    async def vouch(self, origin: str) -> None:
        """Take the operator's word that the parent has followed. Raises `KeyError` and `OSError`."""
        await self.look(origin, vouched(self.signer.state(origin)))
        self._sooner.set()

    async def _looked_after(self, origin: str) -> float:
        """Look, and return after how many seconds to look again."""
        try:
            await self.look(origin)
        except OSError as error:
            self._log.error("keys.stuck", zone=origin, reason=str(error))
            return RETRY_SECONDS
        return self._pause(self.signer.state(origin))

    def _pause(self, state: KeyState) -> float:
        left: Iterable[float] = (roll.until_unix - self._clock.unix() for roll in state.rolls)
        soonest = min((seconds for seconds in left if seconds > 0), default=LOOK_SECONDS)
        return min(soonest + 1, PARENT_SECONDS if awaits_parent(state) else LOOK_SECONDS, LOOK_SECONDS)

    async def _parent(self, origin: str) -> Parent | None:
        """Return what the parent says of a zone's keys; None where that does not matter or cannot be known."""
        state = self.signer.state(origin)
        return await self._said_by_parent(origin, state) if awaits_parent(state) else None

    async def _compare(self, origin: str) -> None:
        """Say so if the parent vouches for other keys than the zone has."""
        state, now = self.signer.state(origin), self._clock.monotonic()
        is_new = any((roll.kind, roll.step) == (Kind.FIRST, Step.PUBLISHING) for roll in state.rolls)
        if is_new or not state.keys or now < self._compare_at.get(origin, now):
            return
        self._compare_at[origin] = now + STRANGE_SECONDS
        parent = await self._said_by_parent(origin, state)
        if parent is not None and parent.has_others and not parent.named:
            reason = "the parent vouches for other keys than are here: the zone is bogus for all who validate"
            self._log.error("keys.strange", zone=origin, reason=reason)

    async def _said_by_parent(self, origin: str, state: KeyState) -> Parent | None:
        if self._names is None or not origin:
            return None
        answer = await self._names.lookup(Question(origin, "DS"))
        if answer.is_temporary:
            return None
        seen = tuple(rdata for rdata in answer.records if isinstance(rdata, DS))
        named = named_keys(origin, seen, state.keys)
        others = any(not named_keys(origin, (ds,), state.keys) for ds in seen)
        return Parent(named, others, answer.ttl_seconds)

    def _tell(self, origin: str) -> None:
        state = self.signer.state(origin)
        steps = [f"{roll.kind} {roll.step}" for roll in state.rolls]
        self._log.info("keys.moved", zone=origin, keys=[key.name for key in state.keys], rolls=steps)

    def _now(self) -> int:
        return int(self._clock.unix())


def vouched(state: KeyState) -> Parent:
    """Return what the parent says when it has followed every roll."""
    return Parent(frozenset(name for roll in state.rolls for name in roll.incoming))


def _why(state: KeyState) -> str:
    rolls = ", ".join(f"{roll.kind} is at step {roll.step}" for roll in state.rolls)
    return f"keys: {rolls or 'settled'}"


def _under_next_serial(zone: Zone) -> Zone:
    return with_serial(zone, following(zone.serial))
