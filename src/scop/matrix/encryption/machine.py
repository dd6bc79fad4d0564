"""The encryption of one device: what a client hands syncs to, encrypts with and decrypts with.

The parts share one ledger of changes. A step changes them, flushes the ledger, and only then asks the server or
returns: what has left is never newer than what is durable. `receive` asks nothing and flushes once, so a sync is taken
in as a whole or not at all; what follows from it (uploads, queries, answers) is kept as wishes that `upkeep` fulfils.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix.api.errors import MatrixError
from scop.matrix.encryption.account import Account
from scop.matrix.encryption.channel import Channel
from scop.matrix.encryption.devices import Directory
from scop.matrix.encryption.history import History
from scop.matrix.encryption.inbound import Inbound, InboundSession
from scop.matrix.encryption.inbox import Inbox
from scop.matrix.encryption.key_bundles import Bundles
from scop.matrix.encryption.key_requests import KeyRequests
from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.olm_sessions import OlmSessions
from scop.matrix.encryption.opening import Opener, Sealed, shield_of
from scop.matrix.encryption.outbound import Outbound, OutboundSession
from scop.matrix.encryption.received import Received
from scop.matrix.encryption.repairs import Repairs
from scop.matrix.encryption.sharing import Sharing, audience_of, is_shared, policy_for, share_key, tell_refused
from scop.matrix.encryption.trust import Newcomer, Recipients, Shield, Trusting
from scop.matrix.encryption.values import (
    MEGOLM,
    Decrypted,
    Device,
    EncryptedRoom,
    ExportedSession,
    KeySource,
    Obstacle,
    RoomKeyInfo,
    ToDevice,
    Undecryptable,
)
from scop.matrix.encryption.waiting import Waiting
from scop.matrix.encryption.withheld import NO_OLM, WithheldNotes
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.steps import Change, Shelf, Steps, Surroundings

if TYPE_CHECKING:
    from scop.matrix.api.client_server.sync import SyncResponse

__all__ = ["Machine", "Options"]

_MAY_PASS = frozenset([Obstacle.UNKNOWN_SESSION, Obstacle.UNKNOWN_INDEX, Obstacle.WITHHELD])


@dataclass(frozen=True, slots=True)
class Options:
    """What a client may choose."""

    recipients: Recipients = Recipients.SIGNED_IF_ABLE
    says_withheld: bool = True  # tells devices that get no key why
    asks_for_keys: bool = True  # of our user's other devices, when an event cannot be read


_USUAL = Options()


class Machine:
    """Keys, sessions and device lists of one device. One `encrypt` for one room at a time; all else in any order.

    `trusting` is set by whoever knows who was verified; `devices` is the directory; `history` shares keys with guests.
    """

    def __init__(self, account: Account, ledger: Ledger, surroundings: Surroundings, options: Options) -> None:
        own = account.device
        self.user_id, self.device_id = own.place
        self.options = options
        self.trusting: Trusting = Newcomer()
        self.devices = Directory(own, ledger, surroundings)
        self._own = own
        self._account, self._ledger = account, ledger
        self._sessions = OlmSessions(account, ledger, surroundings)
        self._channel = Channel(account, self._sessions, ledger, surroundings)
        self._inbound, self._outbound = Inbound(ledger), Outbound(ledger, surroundings)
        self._repairs = Repairs(self.devices, self._channel, ledger, surroundings)
        self._requests = KeyRequests(self.devices, self._channel, self._inbound, ledger, surroundings)
        self._withheld, self._waiting, self._received = WithheldNotes(ledger), Waiting(ledger), Received(ledger)
        self._bundles = Bundles(ledger, surroundings)
        self._opener = Opener(self.devices, self._inbound, self._withheld)
        self._sharing = Sharing(own, self._outbound, self._channel, ledger)
        self._ready: dict[tuple[str, str], None] = {}  # sessions that events waited for, as they came
        self._handed_up: set[tuple[str, str]] = set()  # room and id of events that wait no longer, once this is durable
        self.history = History(
            self.devices,
            self._channel,
            self._inbound,
            self._bundles,
            self._withheld,
            ledger,
            self._learn,
            lambda: self.trusting,
        )
        self._inbox = self._inbox_of_all()

    def _inbox_of_all(self) -> Inbox:
        return Inbox(
            self.devices,
            self._sessions,
            self._inbound,
            self._outbound,
            self._repairs,
            self._requests,
            self._withheld,
            self._received,
            self._bundles,
            self._learn,
        )

    @classmethod
    def create(
        cls, user_id: str, device_id: str, surroundings: Surroundings, options: Options = _USUAL
    ) -> tuple[Machine, tuple[Change, ...]]:
        """Return the machine of a device that just logged in, and what is to be kept before it is used."""
        ledger = Ledger()
        account = Account(user_id, device_id, ledger, surroundings)
        account.put()
        machine = cls(account, ledger, surroundings, options)
        machine.devices.track([user_id])
        return machine, ledger.drain()

    @classmethod
    def load(
        cls,
        user_id: str,
        device_id: str,
        entries: Mapping[Shelf, Mapping[str, bytes]],
        surroundings: Surroundings,
        options: Options = _USUAL,
    ) -> Machine:
        """Return the machine as it was kept; raises `LocalProtocolError` where Shelf.ACCOUNT has none."""
        ledger = Ledger()
        account = Account(user_id, device_id, ledger, surroundings)
        account.load(entries.get(Shelf.ACCOUNT, {}))
        machine = cls(account, ledger, surroundings, options)
        machine._load(entries)
        return machine

    def _load(self, entries: Mapping[Shelf, Mapping[str, bytes]]) -> None:
        self._received.load(entries.get(Shelf.ACCOUNT, {}))
        self.devices.load(entries.get(Shelf.DEVICES, {}))
        self.devices.track([self.user_id])
        for of_olm in (self._sessions, self._channel, self._repairs):
            of_olm.load(entries.get(Shelf.OLM, {}))
        self._inbound.load(entries.get(Shelf.INBOUND, {}))
        self._outbound.load(entries.get(Shelf.OUTBOUND, {}))
        for of_waiting in (self._waiting, self._requests, self._withheld, self._bundles):
            of_waiting.load(entries.get(Shelf.WAITING, {}))
        # A key may have come, and a crash before its events were handed up.
        self._ready = {where: None for where in self._waiting.sessions() if self._inbound.get(*where) is not None}

    @property
    def own_device(self) -> Device:
        """Return this device, its keys signed by itself."""
        return self._own

    def publish_again(self) -> Steps[None]:
        """Upload the keys of this device at the next upkeep, whatever the server had: it may have ended the device."""
        self._account.publish_again()
        yield from self._ledger.flush()

    def sign(self, json: JsonView) -> JsonObject:
        """Return an object with the signature of this device's Ed25519 key beside those that are there."""
        return self._account.sign(json)

    def receive(self, sync: SyncResponse) -> Steps[tuple[ToDevice, ...]]:
        """Take in what a sync says of keys, devices and to-device messages; return the messages for others.

        All of it becomes durable at once. The same sync may be received again, after a crash: it gives the same.
        """
        self._let_go()  # with the sync before, which was taken in
        self._account.note_counts(sync.device_one_time_keys_count, sync.device_unused_fallback_key_types)
        if sync.device_lists is not None:
            self.devices.mark_changed(sync.device_lists.changed or ())
            self.devices.mark_left(sync.device_lists.left or ())
        events = (sync.to_device.events or ()) if sync.to_device is not None else ()
        self._received.begin()
        taken = [self._inbox.take(event.sender, event.type, event.content, self.trusting) for event in events]
        self._received.end()
        yield from self._ledger.flush()
        return tuple(message for message in taken if message is not None)

    def upkeep(self) -> Steps[None]:
        """Upload keys, query outdated device lists, mend sessions, ask for keys and answer: after each sync.

        Each of these is tried; the first refusal is raised when all were.
        """
        refusals: list[MatrixError] = []
        for part in (self._account.upload, self.devices.query, self._repairs.mend, self._send_requests):
            try:
                yield from part()
            except MatrixError as refusal:
                refusals.append(refusal)
        if refusals:
            raise refusals[0]

    def _send_requests(self) -> Steps[None]:
        yield from self._requests.send(self.trusting)

    def track(self, user_ids: Collection[str]) -> Steps[None]:
        """Know the devices of these users from now on, and ask for those that are not known or outdated."""
        self.devices.track(user_ids)
        yield from self._ledger.flush()
        yield from self.devices.query(user_ids)

    def encrypt(self, room: EncryptedRoom, event_type: str, content: JsonView) -> Steps[JsonObject]:
        """Return the content of m.room.encrypted to send, after all who are to read have its key.

        Each call gives another message index, durable before it returns: whoever sends keeps the result, and sends
        the same again where it must. Before the first one our own keys are published: who reads looks us up.
        """
        if not self._account.is_published:
            yield from self._account.upload()
        yield from self.note_settings(room.room_id, room.settings)
        yield from self.track(room.member_ids)
        held = yield from self._shared(room, policy_for(event_type, content, self.options.recipients))
        # Matrix v1.19 CS §Forming relationships between events: only in the clear, servers are to aggregate by it.
        inner = {key: value for key, value in content.items() if key != "m.relates_to"}
        payload = {"type": event_type, "content": inner, "room_id": room.room_id}
        sealed: JsonObject = {
            "algorithm": MEGOLM,
            "ciphertext": self._outbound.encrypt(held, msgspec.json.encode(payload)),
            "session_id": held.session_id,
            "sender_key": self._own.curve25519,  # deprecated, and "SHOULD continue to be sent"
            "device_id": self.device_id,
        }
        if "m.relates_to" in content:
            sealed["m.relates_to"] = content["m.relates_to"]
        yield from self._ledger.flush()
        return sealed

    def _shared(self, room: EncryptedRoom, policy: Recipients) -> Steps[OutboundSession]:
        """Return the session to write a room by, which all readers have that can be reached."""
        while True:  # until nothing changed while keys were shared
            audience = audience_of(room, self.devices, self.trusting, policy)
            held = self._outbound.current(room, audience.places()) or self._begin(room)
            if is_shared(held, audience):
                return held
            yield from self._ledger.flush()
            unreached = yield from share_key(self._sharing, held, audience.readers)
            if self.options.says_withheld:
                refused = (*audience.refused, *((device, NO_OLM) for device in unreached))
                yield from tell_refused(self._sharing, held, refused)
            newest = audience_of(room, self.devices, self.trusting, policy)
            if self._outbound.current(room, newest.places()) is held:
                return held

    def _begin(self, room: EncryptedRoom) -> OutboundSession:
        held = self._outbound.begin(room)
        info = RoomKeyInfo(
            room_id=room.room_id,
            session_id=held.session_id,
            sender_key=self._own.curve25519,
            sender_ed25519=self._own.ed25519,
            sender_id=self.user_id,
            source=KeySource.OWN,
            first_index=0,
            has_shared_history=held.has_shared_history,
        )
        self._inbound.add(InboundSession.from_key(info, held.session.session_key.to_base64()))
        return held

    def decrypt(self, room_id: str, event: JsonObject) -> Steps[Decrypted | Undecryptable]:
        """Return an m.room.encrypted event of a room in the clear, or why not; one without a key waits."""
        (opened,) = yield from self.decrypt_all(room_id, [event])
        return opened

    def decrypt_all(self, room_id: str, events: Iterable[JsonObject]) -> Steps[tuple[Decrypted | Undecryptable, ...]]:
        """Do it for many events and become durable once."""
        opened = tuple(self._decrypt(Sealed(room_id, event)) for event in events)
        yield from self._ledger.flush()
        return opened

    def _decrypt(self, sealed: Sealed) -> Decrypted | Undecryptable:
        opened = self._opener.open(sealed, self.trusting)
        if isinstance(opened, Decrypted) or opened.obstacle not in _MAY_PASS or sealed.session_id is None:
            return opened
        if self.options.asks_for_keys:
            self._requests.want(sealed.room_id, sealed.session_id)
        waits = self._waiting.add(sealed.room_id, sealed.session_id, sealed.event_id, sealed.event)
        return sealed.blocked(opened.obstacle, opened.withheld, is_waiting=waits)

    def came_up(self) -> tuple[Decrypted, ...]:
        """Return events that waited and can be decrypted now, each once, in the order in which they came.

        They are let go by `let_go`, or the next `receive`: where a crash comes before that, they come up again.
        """
        ready, self._ready = self._ready, {}
        found: list[Decrypted] = []
        for room_id, event in self._waiting.of_all(ready):
            sealed = Sealed(room_id, event)
            if (room_id, sealed.event_id) in self._handed_up:
                continue
            opened = self._opener.open(sealed, self.trusting)
            if isinstance(opened, Decrypted):
                found.append(opened)
            if isinstance(opened, Decrypted) or opened.obstacle not in _MAY_PASS:
                self._handed_up.add((room_id, sealed.event_id))
        return tuple(found)

    def let_go(self) -> Steps[None]:
        """Let what came up wait no longer: whoever was told of it keeps that in the same change."""
        self._let_go()
        yield from self._ledger.flush()

    def _let_go(self) -> None:
        for room_id, event_id in self._handed_up:
            self._waiting.remove(room_id, event_id)
        self._handed_up.clear()

    def awaited_sessions(self) -> tuple[tuple[str, str], ...]:
        """Return the rooms and ids of the sessions that events wait for."""
        return self._waiting.sessions()

    @property
    def has_come_up(self) -> bool:
        """Return whether keys came that events waited for, which `came_up` returns."""
        return bool(self._ready)

    def forget_event(self, room_id: str, event_id: str) -> Steps[None]:
        """Let an event that was taken away wait for its key no longer."""
        self._waiting.remove(room_id, event_id)
        yield from self._ledger.flush()

    def shield(self, event: Decrypted) -> Shield:
        """Return what a reader is to be told of an event now: devices may have been verified, or gone, since."""
        device = self.devices.by_curve25519(event.sender, event.key.sender_key)
        return shield_of(event.key, device, self.trusting)

    def send_to_devices(
        self, devices: Collection[Device], event_type: str, content: JsonView
    ) -> Steps[tuple[Device, ...]]:
        """Send a message by Olm to each device, with new sessions where there is none; return those not reached."""
        there = [device for device in devices if not device.is_deleted and device.place != self._own.place]
        yield from self._channel.reach(there)
        return (yield from self._channel.send_sealed(there, event_type, content))

    def is_encrypted(self, room_id: str) -> bool:
        """Return whether a room was ever seen encrypted: nothing goes out there in the clear, whatever it says now."""
        return self._outbound.settings(room_id) is not None

    def note_settings(self, room_id: str, settings: JsonView) -> Steps[None]:
        """Remember what m.room.encryption says; what weakens it later is not followed."""
        self._outbound.note_settings(room_id, settings)
        yield from self._ledger.flush()

    def discard_session(self, room_id: str) -> Steps[None]:
        """Take another key for the next message: a member left, or may have come and left (limited sync)."""
        self._outbound.discard(room_id)
        yield from self._ledger.flush()

    def sessions(self) -> Iterable[RoomKeyInfo]:
        """Return what is known of every inbound session."""
        return self._inbound.infos()

    def export(self, room_id: str, session_id: str) -> ExportedSession | None:
        """Return one inbound session from its first known index."""
        return self._inbound.export(room_id, session_id)

    def import_sessions(self, sessions: Iterable[ExportedSession], source: KeySource) -> Steps[int]:
        """Take in sessions of a key file or a backup; return how many were better than what was there."""
        taken = sum(self._import(session, source) for session in sessions)
        yield from self._ledger.flush()
        return taken

    def _import(self, exported: ExportedSession, source: KeySource) -> bool:
        try:
            session = InboundSession.from_export(exported.info(source), exported.session_key)
            return exported.algorithm == MEGOLM and self._learn(session)
        except RemoteProtocolError:
            return False

    def _learn(self, session: InboundSession) -> bool:
        """Take in a session, and note who waited for it."""
        room_id, session_id = session.info.room_id, session.info.session_id
        if not self._inbound.add(session):
            return False
        self._requests.note_came(room_id, session_id)
        if session.info.first_index == 0:
            self._withheld.clear(room_id, session_id)
        if self._waiting.of(room_id, session_id):
            self._ready[room_id, session_id] = None
        return True
