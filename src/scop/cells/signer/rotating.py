"""Looks after the keys while the signer runs: tells the zone what stands, looks for it, takes each step that is due.

Every look does the same: make new keys if the old are too old, UPDATE, ask the resolver for what waits to be seen, and
take the steps that this allows, each durable before it counts. An UPDATE that changes nothing writes nothing, so a
zone that was rolled back or imported has our keys again at the next look. Where somebody else keeps the zone, seeing
is all there is: whoever keeps it copies the records, and takes them out.

Standards: RFC 6376 §3.6 and §3.6.1, RFC 2136.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from scop.base import Clock, RemoteProtocolError
from scop.cells.signer.keyring import Keyring, LoadedKeys
from scop.cells.signer.publishing import Publisher
from scop.dkim import SigningKey
from scop.dkim.rotation import (
    Duty,
    Facts,
    Generation,
    KnownKey,
    Rotation,
    Step,
    Timing,
    advance,
    corrected,
    hastened,
    incoming,
    is_due,
    keys_with,
    keys_without,
    until_unix,
    without,
)
from scop.mesh.vocabulary.signer import SealingKey, SealingStatus
from scop.net.faults import TemporaryFailure
from scop.net.log import Log

__all__ = ["REPUBLISH_SECONDS", "Rotator", "RotatorOptions"]

REPUBLISH_SECONDS = 300.0  # how long a zone that was rolled back or imported may be without our keys
FIRST_PAUSE_SECONDS = 0.05  # at the start of a mesh the neighbours come up together with us
MAX_PAUSE_SECONDS = 30.0
CLOCK_SECONDS = 3600.0  # within which whoever sets the clock right at a start has done so
_NOT_OURS = "somebody else keeps the zone: `scop dns plan` prints the records to copy"
_TAKE_OUT = "somebody else keeps the zone: the record has to be taken out there"
_RESOLVING = (Step.SEEN, Step.IN_USE, Step.RETIRED)


@dataclass(frozen=True, slots=True)
class RotatorOptions:
    """What looking after keys needs besides the keys."""

    domain: str
    publisher: Publisher
    log: Log
    clock: Clock
    timing: Timing
    republish_seconds: float = REPUBLISH_SECONDS


class Rotator:
    """Looks after the keys of one domain; `keys` are those that seal now."""

    def __init__(self, keyring: Keyring, loaded: LoadedKeys, options: RotatorOptions) -> None:
        self._keyring = keyring
        self._options = options
        self._loaded = loaded
        self._changing = asyncio.Lock()
        self._sooner = asyncio.Event()
        self._trouble = ""
        self._told = False  # that mail can be sealed
        self._early_since: float | None = None  # since when the clock is behind our steps
        self.keys: tuple[SigningKey, ...] = loaded.sealing

    @property
    def rotation(self) -> Rotation:
        """What happens to the keys."""
        return self._loaded.rotation

    def status(self) -> SealingStatus:
        """Return what the operator is told."""
        keys = tuple(self._status_of(key, one) for one in self.rotation.generations for key in one.keys)
        return SealingStatus(bool(self.keys), keys, self._trouble)

    async def run(self) -> None:
        """Look again and again until cancelled."""
        pause = FIRST_PAUSE_SECONDS
        self._tell_ready()
        while True:
            self._sooner.clear()
            is_well = await self._looked()
            seconds = self._rest_seconds() if is_well else pause
            pause = FIRST_PAUSE_SECONDS if is_well else min(2 * pause, MAX_PAUSE_SECONDS)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):  # not wait_for, which may lose a cancellation that meets the event
                    await self._sooner.wait()

    async def rotate(self, *, in_haste: bool) -> None:
        """Begin a rotation, or hasten what is under way. Raises `RotationRefused` and `OSError`."""
        hasten = partial(hastened, now_unix=self._now())
        if in_haste:
            await self._change(hasten)  # also what is retired
        async with self._changing:
            if not in_haste or incoming(self.rotation) is None:  # the clock may have begun one meanwhile
                await self._begin()
        if in_haste:
            await self._change(hasten)
        self._sooner.set()

    async def _looked(self) -> bool:
        """Look; return whether all went well, and nothing is waited for but time."""
        event, trouble = "keys.waiting", ""
        try:
            trouble = await self._look()
        except (TemporaryFailure, RemoteProtocolError) as fault:
            trouble = str(fault)
        except OSError as error:
            event, trouble = "keys.stuck", f"the keys cannot be stored: {error}"
        if trouble and trouble != self._trouble:  # once, not at every turn
            self._options.log.warning(event, reason=trouble)
        self._trouble = trouble
        return not trouble

    async def _look(self) -> str:
        """Do what is due; return why something that is waited for cannot be seen."""
        await self._mend()
        async with self._changing:
            if is_due(self.rotation, self._now(), self._options.timing):
                await self._begin()
        while True:
            facts, trouble = await self._facts()
            # Nothing in the facts is about what began meanwhile.
            if not await self._change(partial(advance, facts=facts, timing=self._options.timing)):
                return trouble

    async def _mend(self) -> None:
        """Put right what a wrong clock or a lost file has left."""
        lost, timing, is_early = self._loaded.lost, self._options.timing, self._is_early()
        facts = Facts(self._now(), negative_ttl_seconds=await self._negative_ttl() if is_early else 0)
        if lost:
            reason = "their files are missing from the signer's state"
            self._options.log.error("keys.lost", selectors=sorted(lost), reason=reason)

        def mended(rotation: Rotation) -> Rotation:
            return without(corrected(rotation, facts, timing) if is_early else rotation, lost, facts, timing)

        await self._change(mended)

    def _is_early(self) -> bool:
        """Say whether the clock has been behind our steps for so long that these were wrong, and not the clock.

        A machine without a clock of its own starts years ago. Did waits begin anew then, all would end when it is set.
        """
        now_unix, now = self._now(), self._options.clock.monotonic()
        if all(one.since_unix <= now_unix for one in self.rotation.generations):
            self._early_since = None
            return False
        if self._early_since is None:
            self._early_since = now
        return now - self._early_since >= CLOCK_SECONDS

    async def _facts(self) -> tuple[Facts, str]:
        """Tell the zone what stands, and see what the world sees; return also why something is not seen."""
        shown, gone = keys_with(self.rotation, Duty.SHOWN), keys_without(self.rotation, Duty.SHOWN)
        is_ours = await self._options.publisher.publish(shown, gone)
        seen, trouble = await self._seen(is_ours)
        published = _selectors(shown) if is_ours else seen
        withdrawn, left = (_selectors(gone), "") if is_ours else await self._withdrawn(gone)
        negative_ttl = 0 if trouble else await self._negative_ttl()
        facts = Facts(self._now(), published, withdrawn, seen, negative_ttl)
        return facts, trouble or left or await self._denied()

    async def _negative_ttl(self) -> int:
        """Ask where a wait depends on it: not for the first keys."""
        awaited = incoming(self.rotation)
        if awaited is None or awaited.step is Step.MADE or not keys_with(self.rotation, Duty.SEALS):
            return 0
        return await self._options.publisher.negative_ttl_seconds()

    async def _seen(self, is_ours: bool) -> tuple[frozenset[str], str]:
        """Return what of the incoming keys the resolver shows, and why something is not seen."""
        awaited = incoming(self.rotation)
        if awaited is None or not self._is_looked_for(awaited, is_ours):
            return frozenset(), ""
        seen: set[str] = set()
        for key in awaited.keys:
            if why := (await self._options.publisher.sight(key)).why_unseen:
                return frozenset(seen), why if is_ours else f"{why}; {_NOT_OURS}"
            seen.add(key.selector)
        return frozenset(seen), ""

    async def _withdrawn(self, gone: tuple[KnownKey, ...]) -> tuple[frozenset[str], str]:
        """Return what somebody else has let go of, and what still stands: until then it vouches for a stolen key."""
        withdrawn, left = set[str](), ""
        for key in gone:
            sight = await self._options.publisher.sight(key)
            if sight.is_denied:
                withdrawn.add(key.selector)
            else:
                left = left or sight.why_unseen or f"{sight.record_name} still stands; {_TAKE_OUT}"
        return frozenset(withdrawn), left

    async def _denied(self) -> str:
        """Return which key seals that the world is told is not there: mail goes on, as somebody may just mend it."""
        for key in keys_with(self.rotation, Duty.SEALS):
            sight = await self._options.publisher.sight(key)
            if sight.is_denied:
                return f"{key.selector} seals mail, but {sight.why_unseen}"
        return ""

    def _is_looked_for(self, one: Generation, is_ours: bool) -> bool:
        """Say whether it is time: who asks too early makes a resolver remember that there is nothing."""
        if one.step is Step.MADE:
            return not is_ours
        return one.step is Step.PUBLISHED or one.until_unix <= self._now()

    async def _begin(self) -> None:
        self._take(await asyncio.to_thread(self._keyring.begin, self._loaded, self._now()))

    async def _change(self, change: Callable[[Rotation], Rotation]) -> bool:
        """Make a change durable; return whether it is one."""
        async with self._changing:
            following = change(self.rotation)
            if following == self.rotation:
                return False
            self._take(await asyncio.to_thread(self._keyring.keep, LoadedKeys(following, self._loaded.private)))
            return True

    def _take(self, loaded: LoadedKeys) -> None:
        """Let what is durable count."""
        before, self._loaded = self._loaded.rotation, loaded
        self.keys = loaded.sealing
        self._trouble = ""  # what was waited for has come
        log = self._options.log
        for one in loaded.rotation.generations:
            if one not in before.generations:
                log.info("keys.moved", selectors=sorted(one.selectors), step=one.step, until_unix=one.until_unix)
        left = {key.selector for one in loaded.rotation.generations for key in one.keys}
        for one in before.generations:
            if not one.selectors & left:
                log.info("keys.removed", selectors=sorted(one.selectors))
        self._tell_ready()

    def _tell_ready(self) -> None:
        """Say it once."""
        if self.keys and not self._told:
            self._options.log.info("keys.ready", selectors=[key.selector for key in self.keys])
        self._told = bool(self.keys)

    def _rest_seconds(self) -> float:
        """Return for how long nothing is to be done."""
        timing, now_unix = self._options.timing, self._options.clock.unix()
        ends = [until_unix(one, timing) - now_unix for one in self.rotation.generations]
        return min([self._options.republish_seconds, *(seconds for seconds in ends if seconds > 0)])

    def _status_of(self, key: KnownKey, one: Generation) -> SealingKey:
        return SealingKey(
            selector=key.selector,
            algorithm=key.algorithm.value,
            published=one.step not in (Step.MADE, Step.WITHDRAWN),
            resolves=one.step in _RESOLVING,
            record_name=key.record_name(self._options.domain),
            record="" if one.step is Step.WITHDRAWN else key.record,
            step=one.step.value,
            since_unix=one.since_unix,
            until_unix=until_unix(one, self._options.timing),
        )

    def _now(self) -> int:
        return int(self._options.clock.unix())


def _selectors(keys: tuple[KnownKey, ...]) -> frozenset[str]:
    return frozenset(key.selector for key in keys)
