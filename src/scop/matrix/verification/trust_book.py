"""Who is believed to be whom: which identities were seen first, which were verified, which changed since.

A user's master key is pinned when it is first seen; another one later is a change that is told, and that holds until it
is acknowledged or verified. The encryption asks here (`Trusting`) before it gives keys away or shows a message.

Standards: Matrix v1.19 CS §Recommended client behaviour, §Cross-signing.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scop.matrix.encryption.trust import Trust
from scop.matrix.encryption.values import Device, UserKeys
from scop.matrix.steps import Change, Shelf
from scop.matrix.verification.cross_signing_keys import KeyUsage, PrivateKeys, UserIdentity, read_identity
from scop.matrix.verification.encrypting import Encrypting
from scop.matrix.verification.happenings import IdentityChanged

__all__ = ["TrustBook"]


class _Page(msgspec.Struct):
    """What is remembered of one user."""

    master_key: str | None = None  # the one seen first, or acknowledged, or verified
    changed_to: str | None = None  # another, that is not yet acknowledged
    is_verified: bool = False  # `master_key`, by this device itself
    was_verified: bool = False  # `master_key`, in whatever way
    devices: dict[str, str] = {}  # Ed25519 keys of devices verified by themselves, by device id
    blocked: dict[str, str] = {}

    def pin(self, master_key: str) -> None:
        """Believe in a master key, unverified."""
        self.master_key, self.changed_to, self.is_verified, self.was_verified = master_key, None, False, False


class TrustBook:
    """What is known of users; every change of it is a `Change` that the caller keeps."""

    def __init__(self, machine: Encrypting, entries: Mapping[str, bytes]) -> None:
        self._machine = machine
        self._pages = {user_id: msgspec.msgpack.decode(octets, type=_Page) for user_id, octets in entries.items()}
        self._identities: dict[str, tuple[UserKeys, UserIdentity | None]] = {}
        self._reviewed: dict[str, tuple[UserKeys, str | None]] = {}
        self.private = PrivateKeys()  # set by who keeps them
        for user_id in machine.devices.tracked():
            self._pin_first(user_id)  # keys may have been given to them after the last review

    # ── what the encryption asks ──

    def trust(self, device: Device) -> Trust:
        """Return how far a device is believed to be its user's."""
        self._pin_first(device.user_id)
        page = self._pages.get(device.user_id)
        if device.place == (self._machine.user_id, self._machine.device_id):
            return Trust.VERIFIED if device.ed25519 == self._machine.own_device.ed25519 else Trust.BLOCKED
        if page is not None and page.blocked.get(device.device_id) == device.ed25519:
            return Trust.BLOCKED
        if self.has_changed(device.user_id):
            return Trust.CHANGED
        if page is not None and page.devices.get(device.device_id) == device.ed25519:
            return Trust.VERIFIED
        identity = self.identity(device.user_id)
        if identity is None or not identity.has_signed(device):
            return Trust.UNVERIFIED
        return Trust.VERIFIED if self.is_verified(device.user_id) else Trust.SIGNED

    def _pin_first(self, user_id: str) -> None:
        """Believe in the master key of a user that is asked about first; it becomes durable with the next review."""
        # A server could else change it between what is sent first and the sync after that, and nobody would be told.
        page = self._pages.get(user_id)
        if (page is None or page.master_key is None) and (identity := self.identity(user_id)) is not None:
            self._pages.setdefault(user_id, _Page()).pin(identity.master.key)

    def has_identity(self, user_id: str) -> bool:
        """Return whether a user has cross-signing keys, or had: a server that hides them gains nothing."""
        page = self._pages.get(user_id)
        return (page is not None and page.master_key is not None) or self.identity(user_id) is not None

    # ── users ──

    def identity(self, user_id: str) -> UserIdentity | None:
        """Return the cross-signing keys of a user as they are published now."""
        keys = self._machine.devices.cross_signing_keys(user_id)
        known = self._identities.get(user_id)
        if known is None or (known[0] is not keys and known[0] != keys):
            known = self._identities[user_id] = (keys, read_identity(user_id, keys))
        return known[1]

    def has_changed(self, user_id: str) -> bool:
        """Return whether a user has another master key than the one that is believed in."""
        page, identity = self._pages.get(user_id), self.identity(user_id)
        if page is None or page.master_key is None or identity is None or self._is_held(user_id, identity):
            return False
        return page.master_key != identity.master.key and not self._is_vouched_for(user_id, identity)

    def is_verified(self, user_id: str) -> bool:
        """Return whether the master key that a user has now was verified, by this device or by another of ours."""
        page, identity = self._pages.get(user_id), self.identity(user_id)
        if identity is None:
            return False
        is_pinned = page is not None and page.is_verified and page.master_key == identity.master.key
        return is_pinned or self._is_held(user_id, identity) or self._is_vouched_for(user_id, identity)

    def _is_held(self, user_id: str, identity: UserIdentity) -> bool:
        """Return whether it is ourselves: we have the private half."""
        master = self.private.master
        return (
            user_id == self._machine.user_id
            and master is not None
            and master.verify_key.to_base64() == identity.master.key
        )

    def _is_vouched_for(self, user_id: str, identity: UserIdentity) -> bool:
        """Return whether our own user-signing key signed a user's master key."""
        own_id = self._machine.user_id
        own = self.identity(own_id)
        if user_id == own_id or own is None or own.user_signing is None:
            return False
        # Matrix v1.19 CS §Cross-signing: the four links, as far as they are about the user.
        return self.is_verified(own_id) and identity.is_signed_by(own.user_signing)

    def held(self, usage: KeyUsage) -> bool:
        """Return whether the private half of the key that our user publishes now is here."""
        identity, key = self.identity(self._machine.user_id), self.private.of(usage)
        public = getattr(identity, usage.value) if identity is not None else None
        return key is not None and public is not None and key.verify_key.to_base64() == public.key

    # ── what changes it ──

    def review(self) -> tuple[tuple[IdentityChanged, ...], tuple[Change, ...]]:
        """Look at who has new keys: return what is to be told, and what is to be kept before."""
        told: list[IdentityChanged] = []
        changes: list[Change] = []
        own = self.identity(self._machine.user_id)
        own_key = own.master.key if own is not None else None
        for user_id in sorted(self._machine.devices.tracked() | {self._machine.user_id}):
            keys = self._machine.devices.cross_signing_keys(user_id)
            seen = self._reviewed.get(user_id)
            if seen is not None and seen[0] is keys and seen[1] == own_key:
                continue
            self._reviewed[user_id] = (keys, own_key)
            change = self._review(user_id)
            if change is not None:
                told.append(change)
            changes += self._kept(user_id)
        return tuple(told), tuple(changes)

    def _review(self, user_id: str) -> IdentityChanged | None:
        identity = self.identity(user_id)
        if identity is None:
            return None
        page, key = self._pages.setdefault(user_id, _Page()), identity.master.key
        before = page.master_key
        if before is None or (before != key and not self.has_changed(user_id)):
            page.pin(key)
        elif before != key and page.changed_to != key:
            page.changed_to = key
            return IdentityChanged(user_id, page.was_verified, before, key)
        if page.master_key == key:
            page.changed_to = None
            page.was_verified = page.was_verified or self.is_verified(user_id)
        return None

    def acknowledge(self, user_id: str) -> tuple[Change, ...]:
        """Believe in the master key that a user has now, unverified; return what is to be kept."""
        identity = self.identity(user_id)
        if identity is not None:
            self._pages.setdefault(user_id, _Page()).pin(identity.master.key)
        return self._kept(user_id)

    def note_master(self, user_id: str, master_key: str) -> tuple[Change, ...]:
        """Note that a master key was verified by this device."""
        page = self._pages.setdefault(user_id, _Page())
        page.pin(master_key)
        page.is_verified = page.was_verified = True
        return self._kept(user_id)

    def note_device(self, device: Device, *, is_verified: bool = False, is_blocked: bool = False) -> tuple[Change, ...]:
        """Note what our person says of a device: verified, blocked, or neither."""
        page = self._pages.setdefault(device.user_id, _Page())
        for noted, says in ((page.devices, is_verified), (page.blocked, is_blocked)):
            if says:
                noted[device.device_id] = device.ed25519
            else:
                noted.pop(device.device_id, None)
        return self._kept(device.user_id)

    def _kept(self, user_id: str) -> tuple[Change, ...]:
        page = self._pages.get(user_id)
        return () if page is None else (Change(Shelf.TRUST, user_id, msgspec.msgpack.encode(page)),)
