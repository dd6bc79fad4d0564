"""Asks our user's other devices for keys that are missing, and answers when they ask: verified devices only, both ways.

Standards: Matrix v1.19 CS §Key requests, m.room_key_request, m.forwarded_room_key.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scop.matrix.encryption.channel import Channel
from scop.matrix.encryption.devices import Directory
from scop.matrix.encryption.inbound import Inbound, InboundSession
from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.olm_payloads import Opened
from scop.matrix.encryption.shapes import object_at, text_at, texts_at
from scop.matrix.encryption.trust import Trust, Trusting
from scop.matrix.encryption.values import MEGOLM, Device, KeySource, RoomKeyInfo
from scop.matrix.encryption.withheld import UNAVAILABLE, UNVERIFIED, withheld_content
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.steps import Shelf, Steps, Surroundings

__all__ = ["KeyRequests", "read_forwarded"]

_ASKING, _ASKED = "request:", "asked:"
_MAX_ASKING = 200  # keys we ask for
_MAX_ASKED = 200  # keys we are asked for
_AT_ONCE = 20  # of either, in one upkeep
_REQUEST = "m.room_key_request"


class _Asking(msgspec.Struct):
    """A key we want."""

    request_id: str
    room_id: str
    session_id: str
    device_ids: list[str] = msgspec.field(default_factory=list)  # that were asked
    is_over: bool = False  # it came: the others are to be told


class _Asked(msgspec.Struct):
    """A key that a device of our user wants."""

    device_id: str
    request_id: str
    room_id: str
    session_id: str


class KeyRequests:
    """Requests in both directions; upkeep sends what follows from them."""

    def __init__(
        self, directory: Directory, channel: Channel, inbound: Inbound, ledger: Ledger, surroundings: Surroundings
    ) -> None:
        self._own = directory.own
        self._directory = directory
        self._channel = channel
        self._inbound = inbound
        self._ledger = ledger
        self._surroundings = surroundings
        self._asking: dict[str, _Asking] = {}  # by room and session
        self._asked: dict[str, _Asked] = {}  # by device and request id

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take in what was kept."""
        for key, octets in entries.items():
            if key.startswith(_ASKING):
                self._asking[key.removeprefix(_ASKING)] = msgspec.msgpack.decode(octets, type=_Asking)
            elif key.startswith(_ASKED):
                self._asked[key.removeprefix(_ASKED)] = msgspec.msgpack.decode(octets, type=_Asked)

    def want(self, room_id: str, session_id: str) -> None:
        """Ask for a key, once."""
        key = f"{room_id}|{session_id}"
        known = self._asking.get(key)
        if known is not None and not known.is_over:
            return
        while len(self._asking) >= _MAX_ASKING and known is None:
            self._put_asking(next(iter(self._asking)), None)
        # Matrix v1.19 CS §m.room_key_request: a key that is "requested multiple times" keeps its id.
        request_id = self._surroundings.chance(16).hex() if known is None else known.request_id
        self._put_asking(key, _Asking(request_id, room_id, session_id))

    def is_wanted(self, room_id: str, session_id: str) -> bool:
        """Return whether a key was asked for and has not come."""
        known = self._asking.get(f"{room_id}|{session_id}")
        return known is not None and not known.is_over

    def note_came(self, room_id: str, session_id: str) -> None:
        """Note that a key came, whoever gave it."""
        key = f"{room_id}|{session_id}"
        if (known := self._asking.get(key)) is None:
            return
        known.is_over = True
        self._put_asking(key, known if known.device_ids else None)

    def take(self, sender: str, content: JsonView) -> None:
        """Note what a device asks for, or no longer; of other users' devices nothing."""
        device_id, request_id = text_at(content, "requesting_device_id"), text_at(content, "request_id")
        if sender != self._own.user_id or device_id in (None, self._own.device_id) or request_id is None:
            return
        key, action, body = f"{device_id}|{request_id}", content.get("action"), object_at(content, "body")
        if action == "request_cancellation":
            self._put_asked(key, None)
            return
        room_id, session_id = text_at(body, "room_id"), text_at(body, "session_id")
        if action != "request" or body.get("algorithm") != MEGOLM or room_id is None or session_id is None:
            return
        while len(self._asked) >= _MAX_ASKED and key not in self._asked:
            self._put_asked(next(iter(self._asked)), None)
        self._put_asked(key, _Asked(str(device_id), request_id, room_id, session_id))

    def send(self, trusting: Trusting) -> Steps[None]:
        """Ask, cancel and answer what is to be."""
        verified = [
            device
            for device in self._directory.of(self._own.user_id)
            if device.place != self._own.place and trusting.trust(device) is Trust.VERIFIED
        ]
        for key, asking in self._due({device.device_id for device in verified}):
            yield from self._cancel(key, asking) if asking.is_over else self._ask(key, asking, verified)
        for key, asked in list(self._asked.items())[:_AT_ONCE]:
            yield from self._answer(key, asked, trusting)

    def _due(self, verified: set[str]) -> list[tuple[str, _Asking]]:
        """Return those keys about which somebody is to be told now."""
        due = [(key, one) for key, one in self._asking.items() if one.is_over or not verified.issubset(one.device_ids)]
        return due[:_AT_ONCE]

    def _ask(self, key: str, asking: _Asking, verified: list[Device]) -> Steps[None]:
        new = [device for device in verified if device.device_id not in asking.device_ids]
        if not new:
            return
        body = {"algorithm": MEGOLM, "room_id": asking.room_id, "session_id": asking.session_id}
        content = self._request("request", asking) | {"body": body}
        yield from self._channel.send(_REQUEST, [(device, content) for device in new])
        asking.device_ids += [device.device_id for device in new]
        if self._asking.get(key) is asking:
            self._put_asking(key, asking)
        yield from self._ledger.flush()

    def _cancel(self, key: str, asking: _Asking) -> Steps[None]:
        devices = [self._directory.get(self._own.user_id, device_id) for device_id in asking.device_ids]
        content = self._request("request_cancellation", asking)
        there = [(device, content) for device in devices if device is not None and not device.is_deleted]
        yield from self._channel.send(_REQUEST, there)
        if self._asking.get(key) is asking:
            self._put_asking(key, None)
        yield from self._ledger.flush()

    def _request(self, action: str, asking: _Asking) -> JsonObject:
        return {
            "action": action,
            "request_id": asking.request_id,
            "requesting_device_id": self._own.device_id,
        }

    def _answer(self, key: str, asked: _Asked, trusting: Trusting) -> Steps[None]:
        if self._directory.is_outdated(self._own.user_id):
            return  # until the device is known
        device = self._directory.get(self._own.user_id, asked.device_id)
        if device is not None and not device.is_deleted:
            # Matrix v1.19 CS §Key requests: only to "the verified devices of the same user".
            is_verified = trusting.trust(device) is Trust.VERIFIED
            session = self._inbound.get(asked.room_id, asked.session_id) if is_verified else None
            forwarded = None if session is None else _forwarded(session)
            if forwarded is None:
                code = UNAVAILABLE if is_verified else UNVERIFIED
                content = withheld_content(self._own.curve25519, code, asked.room_id, asked.session_id)
                yield from self._channel.send("m.room_key.withheld", [(device, content)])
            else:
                yield from self._channel.reach([device])
                yield from self._channel.send_sealed([device], "m.forwarded_room_key", forwarded)
        self._put_asked(key, None)
        yield from self._ledger.flush()

    def _put_asking(self, key: str, asking: _Asking | None) -> None:
        if asking is None:
            self._asking.pop(key, None)
            self._ledger.put(Shelf.WAITING, _ASKING + key, None)
        else:
            self._asking[key] = asking
            self._ledger.put(Shelf.WAITING, _ASKING + key, lambda: msgspec.msgpack.encode(asking))

    def _put_asked(self, key: str, asked: _Asked | None) -> None:
        if asked is not None:
            self._asked[key] = asked
            self._ledger.put(Shelf.WAITING, _ASKED + key, lambda: msgspec.msgpack.encode(asked))
        elif self._asked.pop(key, None) is not None:
            self._ledger.put(Shelf.WAITING, _ASKED + key, None)


def _forwarded(session: InboundSession) -> JsonObject | None:
    """Return the content of m.forwarded_room_key."""
    info, session_key = session.info, session.export()
    if session_key is None or info.sender_ed25519 is None:
        return None
    return {
        "algorithm": MEGOLM,
        "room_id": info.room_id,
        "session_id": info.session_id,
        "session_key": session_key,
        "sender_key": info.sender_key,
        "sender_claimed_ed25519_key": info.sender_ed25519,
        "forwarding_curve25519_key_chain": list(info.forwarders),
        "shared_history": info.has_shared_history,
    }


def read_forwarded(opened: Opened) -> InboundSession:
    """Return the session that a m.forwarded_room_key hands on; raises `RemoteProtocolError` where it is none."""
    content = opened.content
    info = RoomKeyInfo(
        room_id=text_at(content, "room_id") or "",
        session_id=text_at(content, "session_id") or "",
        sender_key=text_at(content, "sender_key") or "",
        sender_ed25519=text_at(content, "sender_claimed_ed25519_key"),
        sender_id=None,
        source=KeySource.FORWARDED,
        first_index=0,
        # Not one of the cases of §Shareable encryption sessions, whatever the device says.
        has_shared_history=False,
        forwarders=(*texts_at(content, "forwarding_curve25519_key_chain"), opened.sender_key),
    )
    return InboundSession.from_export(info, text_at(content, "session_key") or "")
