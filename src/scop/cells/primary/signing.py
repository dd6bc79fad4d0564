"""Signs the zones that we are primary for, and keeps their keys.

Theory of operation. The first time that a zone is to be shown, its keys are read, or made where it shall be signed and
has none. Every version is signed with what the keys do by then, taking over all that lasts from the version before;
after a restart that comes from `SignatureStore`. If what has to be shown differs from what was shown under the same
serial, because signatures ran out or keys moved on meanwhile, the zone is `restless`: it needs a serial of its own,
which only its source can get. `KeyWatch` sees to that, and takes the steps of rolls. Signing a large zone takes
seconds, so all that is more than a look runs on threads, one at a time.

Standards: RFC 4035 §2, RFC 6781 §4.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from scop.cells.primary.key_files import KeyFolder, key_folder
from scop.cells.primary.signature_store import SignatureStore
from scop.dns.dnssec.algorithms import Algorithm
from scop.dns.dnssec.keys import SigningKey
from scop.dns.rdata import RRSIG
from scop.dns.zone.denial import Denial
from scop.dns.zone.rollover import (
    Facts,
    KeyState,
    Kind,
    Parent,
    RollRefused,
    Timing,
    advance,
    begin,
    corrected,
    due_kind,
    hastened,
    incoming_roles,
    restarted,
    resumed,
    signing_set,
    starting,
)
from scop.dns.zone.signing import Earlier, Signed, SigningPolicy, first_expiration, is_due, max_ttl, sign_zone
from scop.dns.zone.signing_keys import KeyRecord, KeyScheme, Role, new_key
from scop.dns.zone.zone import Zone
from scop.mesh.config import Primary
from scop.net.log import Log

__all__ = ["SigningOptions", "ZoneSigner", "signing_options"]

_DAY = 86_400


@dataclass(frozen=True, slots=True)
class SigningOptions:
    """How zones are signed; `sign` off lets zones that are signed become unsigned, step by step."""

    sign: bool = True
    scheme: KeyScheme = KeyScheme.COMBINED
    algorithm: Algorithm = Algorithm.ECDSAP256SHA256
    policy: SigningPolicy = field(default_factory=SigningPolicy)
    timing: Timing = field(default_factory=Timing)


def signing_options(config: Primary) -> SigningOptions:
    """Return what `[primary]` says of signing."""
    validity = int(config.signature_days * _DAY)
    # Refreshed when half is over, spread over a fourteenth of the whole, as the defaults are.
    policy = SigningPolicy(
        Denial(config.denial),
        validity_seconds=validity,
        refresh_seconds=validity // 2,
        jitter_seconds=validity // 14,
    )
    timing = Timing(
        propagation_seconds=config.propagation_seconds,
        parent_propagation_seconds=config.parent_propagation_seconds,
        parent_ds_ttl_seconds=config.parent_ds_ttl_seconds,
        key_ttl_seconds=policy.key_ttl_seconds,
        zone_key_lifetime_seconds=int(config.zone_key_days * _DAY),
    )
    return SigningOptions(config.sign, KeyScheme(config.keys), Algorithm[config.algorithm.upper()], policy, timing)


@dataclass(slots=True)
class _Ring:
    """The keys of one zone, and the version that they signed last."""

    folder: KeyFolder
    state: KeyState
    private: dict[str, SigningKey]
    source: Zone
    signed: Signed | None = None
    is_restless: bool = False
    is_kept: bool = False  # the signatures of `signed` are on disk
    is_served: bool = False  # somebody sees what becomes of it


class ZoneSigner:
    """Signs zones; `is_ours` says which, since those of others come with signatures of their own."""

    def __init__(
        self, state: Path, options: SigningOptions, log: Log, is_ours: Callable[[str], bool] = lambda _origin: True
    ) -> None:
        self.options = options
        self._log = log
        self._state = state
        self._is_ours = is_ours
        self._store = SignatureStore(state)
        if self._store.why_anew:
            log.error("signatures.spoilt", reason=self._store.why_anew)
        self._rings: dict[str, _Ring] = {}
        self._working = threading.RLock()

    def signs(self, origin: str) -> bool:
        """Say whether a zone is shown with signatures of ours."""
        if not self._is_ours(origin):
            return False
        ring = self._rings.get(origin)
        return self.options.sign if ring is None else bool(ring.state.keys)

    def signed(self, source: Zone, shown: Zone | None, now_unix: int) -> Zone:
        """Return the zone with its signatures; what no key of ours signs stays as it is. Raises `OSError`.

        Only the first keys of a zone are made here, which is where a disk may fail it.
        """
        if not self._is_ours(source.origin):
            return source
        with self._working:
            return self._signed(source, now_unix)

    def _signed(self, source: Zone, now_unix: int) -> Zone:
        ring = self._ring(source, now_unix)
        ring.source, ring.is_served = source, True
        if not ring.state.keys:
            ring.signed = None
            self._remember_unsigned(source)
            return source
        if ring.signed is None:
            return self._resigned(ring, source, now_unix)
        keys = signing_set(ring.state, ring.private)
        before, ring.signed = ring.signed, sign_zone(source, keys, self.options.policy, now_unix, ring.signed)
        if ring.is_restless or before.keys != keys:
            self._restart(ring, now_unix)
        self._remember(ring, before.zone)
        return ring.signed.zone

    def know(self, source: Zone, now_unix: int) -> None:
        """Read the keys of a zone, or make them, without signing anything."""
        with self._working:
            self._ring(source, now_unix)

    def origins(self) -> tuple[str, ...]:
        """Return the zones whose keys are known."""
        return tuple(self._rings)

    def state(self, origin: str) -> KeyState:
        """Return what happens to the keys of a zone. Raises `KeyError` where the zone was never shown."""
        return self._rings[origin].state

    def lasts_until(self, origin: str, now_unix: int) -> int | None:
        """Return when the first signature of a zone ends, in seconds of Unix time; None where it has none."""
        signed = self._rings[origin].signed
        return None if signed is None else first_expiration(signed.zone, now_unix)

    def needs_renewal(self, origin: str, now_unix: int) -> bool:
        """Say whether a zone has to be shown under a new serial: its signatures or keys are others, or due."""
        with self._working:
            ring = self._rings[origin]
            if ring.signed is None:
                return bool(ring.state.keys)
            if ring.is_restless or not ring.state.keys or _is_unseen(ring):
                return True
            # Looked at often, since a clock may be set; each signature of a large zone only where that may be needed.
            is_fresh = ring.signed.fresh_from_unix <= now_unix < ring.signed.fresh_until_unix
            return not is_fresh and is_due(ring.signed.zone, self.options.policy, now_unix)

    def step(self, origin: str, parent: Parent | None, now_unix: int) -> bool:
        """Begin what is due and take one step of each roll whose time has come; True if there was any.

        Each step has to be shown before the next is taken: none is where that is still to come. Raises `OSError`.
        """
        with self._working:
            ring = self._rings[origin]
            if ring.is_restless or _is_unseen(ring):
                return False
            before, facts = ring.state, self._facts(ring, parent, now_unix)
            self._keep(ring, corrected(ring.state, facts, self.options.timing))
            self._begin_due(ring, facts)
            self._keep(ring, advance(ring.state, facts, self.options.timing))
            return ring.state != before

    def roll(self, origin: str, kind: Kind, now_unix: int) -> None:
        """Begin a roll. Raises `RollRefused`, `KeyError` and `OSError`."""
        with self._working:
            ring = self._rings[origin]
            self._begin(ring, kind, self._facts(ring, None, now_unix))

    def hasten(self, origin: str, now_unix: int) -> None:
        """Wait no longer for caches."""
        with self._working:
            ring = self._rings[origin]
            self._keep(ring, hastened(ring.state, now_unix))

    def close(self) -> None:
        """Close what is open."""
        self._store.close()

    def _ring(self, source: Zone, now_unix: int) -> _Ring:
        found = self._rings.get(source.origin)
        if found is None:
            found = self._rings[source.origin] = self._loaded(source, now_unix)
        return found

    def _loaded(self, source: Zone, now_unix: int) -> _Ring:
        folder = KeyFolder(key_folder(self._state, source.origin))
        kept = folder.load()
        if kept is not None:
            return _Ring(folder, *kept, source)
        ring = _Ring(folder, KeyState(), {}, source)
        if self.options.sign:
            self._start(ring, self._facts(ring, None, now_unix))
        return ring

    def _start(self, ring: _Ring, facts: Facts) -> None:
        keys = self._new_keys(ring, self.options.scheme.roles, facts.now_unix)
        self._keep(ring, starting(keys, facts, self.options.timing))

    def _resigned(self, ring: _Ring, source: Zone, now_unix: int) -> Zone:
        """Sign a zone for the first time since the cell began."""
        stored = self._store.load(source.origin)
        keys = signing_set(ring.state, ring.private)
        ring.signed = sign_zone(source, keys, self.options.policy, now_unix, stored)
        zone = ring.signed.zone
        if _key_signs(stored, source.origin) != _key_signs(zone, source.origin):
            self._restart(ring, now_unix)
        if not stored.is_shown_by(zone):
            ring.is_restless = bool(self._store.why_anew) or stored.serial(source.origin) == source.serial
            self._remember(ring, None)
        else:
            ring.is_kept = True
        return zone

    def _remember(self, ring: _Ring, before: Zone | None) -> None:
        """Keep what is going to be shown; a zone whose signatures cannot be kept is shown all the same.

        Its source is durable by now. After a restart it gets other signatures, under the next serial.
        """
        assert ring.signed is not None
        zone = ring.signed.zone
        ring.is_restless = ring.is_restless and before is None
        try:
            self._store.keep(zone, before if ring.is_kept else None)
            ring.is_kept = True
        except OSError as error:
            ring.is_kept = False
            self._log.error("signatures.unkept", zone=zone.origin, reason=str(error))

    def _remember_unsigned(self, source: Zone) -> None:
        """Keep that a version was shown unsigned: with signatures it has to be another one."""
        try:
            self._store.keep_unsigned(source)
        except OSError as error:
            self._log.error("signatures.unkept", zone=source.origin, reason=str(error))

    def _restart(self, ring: _Ring, now_unix: int) -> None:
        """Count the time of each step from now on, when it is shown for the first time (RFC 7583 §3)."""
        state = restarted(ring.state, self._facts(ring, None, now_unix), self.options.timing)
        try:
            self._keep(ring, state)
        except OSError as error:  # what is shown must not wait for it
            ring.state = state
            self._log.error("keys.unkept", zone=ring.source.origin, reason=str(error))

    def _begin_due(self, ring: _Ring, facts: Facts) -> None:
        options = self.options
        if not options.sign:
            kind = Kind.LAST if ring.state.keys and not _is_ending(ring.state) else None
        elif not ring.state.keys:
            self._start(ring, facts)
            return
        else:
            if _is_ending(ring.state):
                self._keep(ring, resumed(ring.state, facts, options.timing))
            kind = due_kind(ring.state, options.scheme, options.algorithm, facts.now_unix, options.timing)
        if kind is not None:
            try:
                self._begin(ring, kind, facts)
            except RollRefused:
                return  # another roll comes first

    def _begin(self, ring: _Ring, kind: Kind, facts: Facts) -> None:
        begin(ring.state, kind, (), facts, self.options.timing)  # refuses before a key is made in vain
        keys = self._new_keys(ring, incoming_roles(kind, ring.state, self.options.scheme), facts.now_unix)
        self._keep(ring, begin(ring.state, kind, keys, facts, self.options.timing))

    def _new_keys(self, ring: _Ring, roles: tuple[Role, ...], now_unix: int) -> tuple[KeyRecord, ...]:
        made: tuple[KeyRecord, ...] = ()
        for role in roles:
            record, private = new_key(role, self.options.algorithm, now_unix, (*ring.state.keys, *made))
            ring.private[record.name] = private
            made = (*made, record)
        return made

    def _keep(self, ring: _Ring, state: KeyState) -> None:
        if state == ring.state:
            return
        ring.folder.keep(state, ring.private)
        ring.state = state
        names = {key.name for key in state.keys}
        ring.private = {name: key for name, key in ring.private.items() if name in names}

    def _facts(self, ring: _Ring, parent: Parent | None, now_unix: int) -> Facts:
        return Facts(now_unix, max_ttl(ring.source if ring.signed is None else ring.signed.zone), parent)


def _is_unseen(ring: _Ring) -> bool:
    """Say whether the keys do by now what is still to be shown."""
    if not ring.is_served or not ring.state.keys:
        return False
    return ring.signed is None or ring.signed.keys != signing_set(ring.state, ring.private)


def _key_signs(zone: Earlier, origin: str) -> tuple[object, ...]:
    """Return what caches would learn of a zone's keys: which there are, and which sign."""
    found = [zone.get(origin, type_) for type_ in ("DNSKEY", "CDS", "SOA")]
    signers = (
        frozenset((s.algorithm, s.key_tag) for s in rrset.signatures if isinstance(s, RRSIG))
        for rrset in found
        if rrset is not None
    )
    return (*signers, *(frozenset(rrset.rdatas) for rrset in found[:2] if rrset is not None))


def _is_ending(state: KeyState) -> bool:
    return any(roll.kind is Kind.LAST for roll in state.rolls)
