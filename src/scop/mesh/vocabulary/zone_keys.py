"""What the primary answers to the operator of the keys of its zones: which there are, what they do, how to roll them.

Beside `primary`, which speaks of the zones themselves.
"""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = ["ReadZoneKeys", "RollZoneKeys", "ZoneKey", "ZoneKeyRoll", "ZoneKeys", "ZoneKeysList"]


class ZoneKey(msgspec.Struct, frozen=True):
    """One key; `ds` and `dnskey` are lines of a master file, `ds` is empty for a key that no parent names."""

    name: str
    role: str  # csk, ksk or zsk
    algorithm: str
    key_tag: int
    made_unix: int
    duties: tuple[str, ...]  # what it does now, in words
    ds: str
    dnskey: str


class ZoneKeyRoll(msgspec.Struct, frozen=True):
    """A roll that is under way."""

    kind: str  # first, zsk, ksk, all or last
    step: str
    since_unix: int
    until_unix: int  # the step lasts at least until then; `awaiting-ds` until the parent has followed
    incoming: tuple[str, ...]
    outgoing: tuple[str, ...]


class ZoneKeys(msgspec.Struct, frozen=True):
    """The keys of one zone; its name has no trailing dot, the root's is empty. Without keys it is unsigned."""

    origin: str
    denial: str  # nsec or nsec3; empty where the primary does not run
    keys: tuple[ZoneKey, ...]
    rolls: tuple[ZoneKeyRoll, ...]
    lasts_until_unix: int | None  # when the first signature ends


class ZoneKeysList(msgspec.Struct, frozen=True):
    """By zone."""

    zones: tuple[ZoneKeys, ...]


class ReadZoneKeys(Call[ZoneKeysList], frozen=True):
    """Which keys does this zone have, or each one (None)?"""

    origin: str | None = None


class RollZoneKeys(Call[ZoneKeys], frozen=True):
    """Begin a roll of this kind, or (empty) go on with what is under way.

    `now`: wait no longer for caches. `parent_seen`: take my word that the parent has followed.
    """

    origin: str
    kind: str = ""
    now: bool = False
    parent_seen: bool = False
