"""What the operator asks of the primary about the keys of its zones."""

from __future__ import annotations

from dataclasses import dataclass

from scop.base import Clock
from scop.cells.primary.key_watch import KeyWatch, vouched
from scop.cells.primary.shown_keys import shown_keys
from scop.cells.primary.signing import ZoneSigner
from scop.dns.names import normal_name
from scop.dns.zone.rollover import Kind, RollRefused, RollUnderWay
from scop.mesh.calls import Answers
from scop.mesh.vocabulary.zone_keys import ReadZoneKeys, RollZoneKeys, ZoneKeys, ZoneKeysList
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.peer import Peer

__all__ = ["KeyDesk", "rolled"]

_ROLLED = frozenset({Kind.ZONE, Kind.KEYS, Kind.ALL})  # the others begin by configuration


@dataclass(frozen=True, slots=True)
class KeyDesk:
    """Answers the operator."""

    watch: KeyWatch
    clock: Clock

    def answers(self) -> Answers:
        """Return who answers which question."""
        return {ReadZoneKeys: self.read, RollZoneKeys: self.roll}

    async def read(self, question: ReadZoneKeys, _peer: Peer) -> ZoneKeysList:
        """Tell the keys of a zone, or of each."""
        origins = self.watch.signer.origins() if question.origin is None else (self._known(question.origin),)
        return ZoneKeysList(tuple(self._shown(origin) for origin in sorted(origins)))

    async def roll(self, question: RollZoneKeys, _peer: Peer) -> ZoneKeys:
        """Begin or hasten a roll."""
        origin = self._known(question.origin)
        try:
            if question.kind:
                await self.watch.roll(origin, _kind(question.kind))
            if question.parent_seen:
                await self.watch.vouch(origin)
            if question.now:
                await self.watch.hasten(origin)
        except RollRefused as refusal:
            raise _failure(refusal) from None
        except OSError as error:
            raise TemporaryFailure(f"the keys cannot be stored: {error}") from None
        return self._shown(origin)

    def _known(self, origin: str) -> str:
        try:
            name = normal_name(origin)
        except ValueError as error:
            raise PermanentFailure(str(error)) from None
        if name not in self.watch.signer.origins():
            raise PermanentFailure(f"{name or '.'} is no zone that we sign")
        return name

    def _shown(self, origin: str) -> ZoneKeys:
        signer = self.watch.signer
        lasts = signer.lasts_until(origin, int(self.clock.unix()))
        return shown_keys(origin, signer.state(origin), signer.options.policy.denial, lasts)


def rolled(signer: ZoneSigner, question: RollZoneKeys, now_unix: int) -> None:
    """Do with the keys of a primary that is not at work what is asked. Raises `PermanentFailure`, `OSError`."""
    origin = question.origin
    try:
        if question.kind:
            signer.roll(origin, _kind(question.kind), now_unix)
    except RollRefused as refusal:
        raise _failure(refusal) from None
    if question.parent_seen:
        signer.step(origin, vouched(signer.state(origin)), now_unix)
    if question.now:
        signer.hasten(origin, now_unix)
        signer.step(origin, None, now_unix)


def _failure(refusal: RollRefused) -> PermanentFailure:
    """Return why not, and what may be done about it."""
    hint = "; `scop dns keys` says what it waits for, `scop dns roll --go-on --now` waits for no cache"
    return PermanentFailure(f"{refusal}{hint if isinstance(refusal, RollUnderWay) else ''}")


def _kind(word: str) -> Kind:
    try:
        kind = Kind(word)
    except ValueError:
        kind = Kind.FIRST
    if kind not in _ROLLED:
        raise PermanentFailure(f"{word!r} cannot be rolled: say zsk, ksk (a csk too) or all")
    return kind
