"""Who we are and whom we believe: cross-signing, verification, secrets and key backup of one device, joined.

A client hands over what comes (`receive`, `receive_in_room`) and calls `upkeep` after each sync; each returns what
people are to be told. What people do is on the parts: `verifications`, `cross_signing`, `storage`, `backup`.

    identity = Identity(machine, entries, surroundings)      # machine.trusting is set by it
    yield from identity.cross_signing.bootstrap(Credentials("@ada:example.org", "a password"))
    key = yield from identity.storage.create()               # key.recovery_key() is for writing down
    yield from identity.backup.create()
    yield from identity.store_secrets(key)

Standards: Matrix v1.19 CS §End-to-End Encryption, §Secrets.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping

import msgspec

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api.errors import MatrixError
from scop.matrix.encryption.values import Device, ExportedSession, KeySource, ToDevice
from scop.matrix.steps import Change, Shelf, Steps, Surroundings, keep
from scop.matrix.verification.cross_signing import CrossSigning
from scop.matrix.verification.cross_signing_keys import KeyUsage
from scop.matrix.verification.encrypting import Encrypting
from scop.matrix.verification.happenings import IdentityHappening, VerificationDone
from scop.matrix.verification.key_backup import BACKUP_NAME, KeyBackup
from scop.matrix.verification.key_file import KEY_FILE_ROUNDS, parse_key_file, write_key_file
from scop.matrix.verification.parties import Side
from scop.matrix.verification.secret_sharing import SecretSharing
from scop.matrix.verification.secret_storage import SecretStorage, StorageKey
from scop.matrix.verification.trust_book import TrustBook
from scop.matrix.verification.turns import FlowOptions
from scop.matrix.verification.verifications import Posting, RoomMessage, Verifications

__all__ = ["Identity"]

_USUAL = FlowOptions()
_USAGES = {usage.secret_name: usage for usage in KeyUsage}
SECRET_NAMES = (*_USAGES, BACKUP_NAME)
_LOOK_UP_MS = 5_000  # who names devices that are not there makes us ask no more often
_Happenings = tuple[IdentityHappening, ...]


class Identity:
    """All that makes a device its user's; `entries` is what was kept, by shelf and key."""

    def __init__(
        self,
        machine: Encrypting,
        entries: Mapping[Shelf, Mapping[str, bytes]],
        surroundings: Surroundings,
        options: FlowOptions = _USUAL,
    ) -> None:
        self._machine = machine
        self._surroundings = surroundings
        self.trust = TrustBook(machine, entries.get(Shelf.TRUST, {}))
        self.cross_signing = CrossSigning(machine, self.trust, entries.get(Shelf.SECRETS, {}), surroundings)
        self.backup = KeyBackup(machine, self.trust, entries, surroundings)
        self.storage = SecretStorage(machine.user_id, surroundings)
        self.sharing = SecretSharing(machine, self, entries.get(Shelf.SECRETS, {}), surroundings)
        self.verifications = Verifications(self, surroundings, options)
        self._untold: list[IdentityHappening] = []  # where a fault came between
        self._looked_up_ms: dict[str, int] = {}
        machine.trusting = self.trust

    def send_by(self, post: Posting) -> None:
        """Let verifications in rooms send by this."""
        self.verifications.post = post

    # ── what comes ──

    def receive(self, messages: Iterable[ToDevice]) -> Steps[_Happenings]:
        """Take to-device messages that the machine left to others; those of other kinds are none of ours."""
        happenings: list[IdentityHappening] = []
        for message in messages:
            happenings += yield from self.sharing.receive(message)
            happenings += yield from self.verifications.receive(message.sender, message.type, dict(message.content))
        return tuple(happenings)

    def receive_in_room(self, message: RoomMessage) -> Steps[_Happenings]:
        """Take an event of a room, decrypted."""
        return self.verifications.receive_in_room(message)

    def upkeep(self) -> Steps[_Happenings]:
        """Notice new identities, end what nobody answered, and back up new keys: after each sync."""
        told, changes = self.trust.review()
        self._untold += told
        yield from keep(*changes)
        self._untold += yield from self.verifications.tick()
        with contextlib.suppress(MatrixError, RemoteProtocolError):  # tried again later; news do not wait for it
            yield from self.backup.restore_once()
            yield from self.backup.seek_again()
            yield from self.backup.upload()
        news, self._untold = tuple(self._untold), []
        return news

    def acknowledge(self, user_id: str) -> Steps[None]:
        """Go on with a user whose identity changed, without verifying them."""
        yield from keep(*self.trust.acknowledge(user_id))

    # ── devices and their keys, for verifications ──

    def our_side(self) -> Side:
        """Return this device."""
        own_id = self._machine.user_id
        identity, device = self.trust.identity(own_id), self._machine.own_device
        master = identity.master.key if identity is not None else None
        return Side(own_id, device.device_id, device.ed25519, master, self.trust.is_verified(own_id))

    def side(self, user_id: str, device_id: str) -> Side | None:
        """Return another device as it is known."""
        device, identity = self._machine.devices.get(user_id, device_id), self.trust.identity(user_id)
        if device is None or device.is_deleted:
            return None
        if identity is None:
            return Side(user_id, device_id, device.ed25519)
        # Matrix v1.19 CS §Key and signature security 3: of such a user nothing is verified.
        keys = {key.key for key in identity.keys}
        is_ambiguous = any(one.device_id in keys for one in self._machine.devices.of(user_id))
        return Side(user_id, device_id, device.ed25519, identity.master.key, is_ambiguous=is_ambiguous)

    def device_ids(self, user_id: str) -> tuple[str, ...]:
        """Return the other devices of a user."""
        own = (self._machine.user_id, self._machine.device_id)
        return tuple(device.device_id for device in self._machine.devices.of(user_id) if device.place != own)

    def look_up(self, user_id: str) -> Steps[None]:
        """Ask the server for the devices of a user: of whom no room is shared with, changes are not told."""
        now = self._surroundings.unix_ms()
        if now >= self._looked_up_ms.get(user_id, 0) + _LOOK_UP_MS:
            self._looked_up_ms[user_id] = now
            self._machine.devices.mark_changed((user_id,))
        yield from self._machine.track((user_id,))

    def note_verified(self, done: VerificationDone) -> Steps[None]:
        """Believe in what was verified from now on."""
        device = self._device_of(done)
        changes: tuple[Change, ...] = ()
        if done.device_key is not None and device is not None:
            changes += self.trust.note_device(device, is_verified=True)
        if done.master_key is not None:
            changes += self.trust.note_master(done.user_id, done.master_key)
        yield from keep(*changes)

    def publish_verified(self, done: VerificationDone) -> Steps[None]:
        """Sign what was verified, where we have the keys for that, and ask a device of ours for those we have not."""
        with contextlib.suppress(MatrixError, LocalProtocolError, RemoteProtocolError):  # it is verified all the same
            yield from self._publish(done, self._device_of(done))
        with contextlib.suppress(MatrixError):  # the other device asks again
            yield from self.sharing.answer_waiting()

    def _device_of(self, done: VerificationDone) -> Device | None:
        """Return the other device of a verification, unless its key is another by now than the one verified."""
        device = self._machine.devices.get(done.user_id, done.device_id)
        # Matrix v1.19 CS §Key and signature security 2: "ensure that they are the same".
        return device if device is not None and done.device_key in (None, device.ed25519) else None

    def _publish(self, done: VerificationDone, device: Device | None) -> Steps[None]:
        if done.user_id != self._machine.user_id:
            if done.master_key is not None and self.trust.held(KeyUsage.USER_SIGNING):
                yield from self.cross_signing.sign_user(done.user_id, done.master_key)
            return
        if done.device_key is not None and device is not None and self.trust.held(KeyUsage.SELF_SIGNING):
            yield from self.cross_signing.sign_device(device)
        if done.master_key is not None and device is not None:
            yield from self.cross_signing.sign_own()
            for name in self._missing():
                yield from self.sharing.request(name, (device,))

    def _missing(self) -> tuple[str, ...]:
        """Return the secrets that are there to be had and are not here."""
        is_to_be_had = {BACKUP_NAME: self.backup.current is not None or not self.cross_signing.is_whole}
        return tuple(name for name in SECRET_NAMES if self.secret(name) is None and is_to_be_had.get(name, True))

    # ── secrets ──

    def secret(self, name: str) -> str | None:
        """Return a secret that verified devices of ours may have."""
        usage = _USAGES.get(name)
        if usage is not None:
            return self.cross_signing.secret(usage)
        return self.backup.secret if name == BACKUP_NAME else None

    def take_secret(self, name: str, secret: str) -> Steps[bool]:
        """Take a secret, where it is what it should be; a backup's is used by the next upkeep."""
        usage = _USAGES.get(name)
        if usage is None:
            return name == BACKUP_NAME and (yield from self.backup.adopt(secret))
        if not (yield from self.cross_signing.adopt(usage, secret)):
            return False
        own_id = self._machine.user_id
        if usage is KeyUsage.SELF_SIGNING and self.trust.is_verified(own_id):
            yield from self.cross_signing.sign_own()
        return True

    def store_secrets(self, key: StorageKey) -> Steps[tuple[str, ...]]:
        """Put all secrets that are here into secret storage; return their names."""
        found = {name: secret for name in SECRET_NAMES if (secret := self.secret(name)) is not None}
        for name, secret in found.items():
            yield from self.storage.put(name, secret, key)
        return tuple(found)

    def load_secrets(self, key: StorageKey) -> Steps[tuple[str, ...]]:
        """Take what secret storage has, so that this device is one of ours; return the names of what was taken."""
        yield from self.cross_signing.refresh()
        taken = []
        for name in SECRET_NAMES:  # the master key first: it vouches for the others
            secret = yield from self.storage.get(name, key)
            if secret is not None and (yield from self.take_secret(name, secret)):
                taken.append(name)
        return tuple(taken)

    # ── key files ──

    def export_keys(self, passphrase: str, *, rounds: int = KEY_FILE_ROUNDS) -> Steps[str]:
        """Return a file of all room keys, sealed by a passphrase."""
        sessions = (self._machine.export(info.room_id, info.session_id) for info in self._machine.sessions())
        json = [session.to_json() for session in sessions if session is not None]
        return (yield from write_key_file(json, passphrase, self._surroundings.chance, rounds=rounds))

    def import_keys(self, text: str, passphrase: str) -> Steps[int]:
        """Take the room keys of a file; return how many were better than what was here."""
        sessions = []
        for json in (yield from parse_key_file(text, passphrase)):
            try:
                sessions.append(msgspec.convert(json, ExportedSession))
            except msgspec.ValidationError:
                continue  # of another algorithm, or broken: the others are good all the same
        return (yield from self._machine.import_sessions(sessions, KeySource.IMPORTED))
