"""All verifications of one device: which message belongs to which, what is sent, what people are told.

Messages come from other devices directly or in rooms; `receive` and `receive_in_room` take them, `tick` ends what
nobody answered. What people do is named by the `flow_id` of the happenings. Nothing here outlives a restart: who asks
about a verification that is not known any more is told so.

Standards: Matrix v1.19 CS §Key verification framework.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from scop.base import LocalProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.api.errors import MatrixError
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Steps, Surroundings, ask
from scop.matrix.verification.cancel_codes import CancelCode, VerificationRefused
from scop.matrix.verification.contents import PREFIX, Ask, Start, read_content
from scop.matrix.verification.flow import Flow
from scop.matrix.verification.happenings import IdentityHappening, VerificationAsked, VerificationDone
from scop.matrix.verification.parties import FlowId, Side
from scop.matrix.verification.sas import SAS_METHOD
from scop.matrix.verification.turns import FlowOptions, Outgoing, Stage, Turn

__all__ = ["Posting", "RoomMessage", "Sides", "Verifications"]

_MAX_PAST_MS = 10 * 60 * 1000  # Matrix v1.19 CS §m.key.verification.request: older requests are ignored,
_MAX_FUTURE_MS = 5 * 60 * 1000  # and those from further in the future
_FORGET_MS = 10 * 60 * 1000  # Matrix v1.19 CS §Error and exception handling: ids expire after 10 minutes
# Ids are remembered for a while after their verification, so whoever floods us is to be bounded by those as well.
_MAX_OF_ONE = 20  # of one user, over or not
_MAX_FLOWS = 100  # of all users, over or not; our own user's devices are heard all the same
_REQUEST = "m.key.verification.request"
_UNANSWERED = frozenset(["request", "start", "cancel", "done", "ready"])  # of unknown transactions
_Happenings = tuple[IdentityHappening, ...]


class Sides(Protocol):
    """Knows devices and their keys."""

    def our_side(self) -> Side:
        """Return this device."""

    def side(self, user_id: str, device_id: str) -> Side | None:
        """Return another device as it is known, or None."""

    def device_ids(self, user_id: str) -> tuple[str, ...]:
        """Return the other devices of a user."""

    def look_up(self, user_id: str) -> Steps[None]:
        """Ask the server for the devices of a user, if they are not known or may have changed."""

    def note_verified(self, done: VerificationDone) -> Steps[None]:
        """Believe in what was verified from now on."""

    def publish_verified(self, done: VerificationDone) -> Steps[None]:
        """Sign what was verified."""


class Posting(Protocol):
    """Sends into rooms, encrypted where they are: `Client.send`."""

    def __call__(self, room_id: str, event_type: str, content: JsonObject, /) -> Steps[str]:
        """Send an event; return its id."""


@dataclass(frozen=True, slots=True)
class RoomMessage:
    """An event of a room, decrypted; `content` has the `m.relates_to` that stood outside of the encryption."""

    room_id: str
    event_id: str
    sender: str
    type: str
    content: JsonObject
    sent_ms: int


class Verifications:
    """The verifications of one device; `post` sends into rooms, where there is a client that can."""

    def __init__(
        self, sides: Sides, surroundings: Surroundings, options: FlowOptions, post: Posting | None = None
    ) -> None:
        self._sides = sides
        self._surroundings = surroundings
        self.options = options
        self.post = post
        self._flows: dict[str, Flow] = {}
        self._untold: list[IdentityHappening] = []  # where a fault came between

    def __getitem__(self, flow_id: str) -> Flow:
        """Return a verification; raises `LocalProtocolError` where there is none of this id."""
        flow = self._flows.get(flow_id)
        if flow is None:
            raise LocalProtocolError("no such verification")
        return flow

    @property
    def open(self) -> Mapping[str, Flow]:
        """Those that something may come of, by id."""
        return {flow_id: flow for flow_id, flow in self._flows.items() if not flow.is_over}

    # ── what people do ──

    def request(self, user_id: str, device_ids: Collection[str] = ()) -> Steps[str]:
        """Ask devices (all other ones of a user by default) to verify; return the verification's id."""
        yield from self._sides.look_up(user_id)
        targets = tuple(device_ids) or self._sides.device_ids(user_id)
        if not targets:
            raise LocalProtocolError("there is no other device to verify")
        flow = self._new(FlowId(self._random_id()), user_id)
        flow.asked_devices = targets
        content = flow.ask_with(self._surroundings.unix_ms())
        yield from self._send(flow, (Outgoing(_REQUEST, content, targets),))
        return flow.flow_id.text

    def request_in_room(self, user_id: str, room_id: str) -> Steps[str]:
        """Ask another user in a room (one with them alone, best) to verify; return the verification's id."""
        if self.post is None:
            raise LocalProtocolError("there is no client that sends into rooms")
        yield from self._sides.look_up(user_id)
        ours = self._sides.our_side()
        # Matrix v1.19 CS §m.room.message with msgtype m.key.verification.request.
        content: JsonObject = {
            "msgtype": _REQUEST,
            "body": f"{ours.user_id} asks to verify keys, which your client does not support.",
            "from_device": ours.device_id,
            "methods": list(self.options.methods),
            "to": user_id,
        }
        event_id = yield from self.post(room_id, "m.room.message", content)
        if event_id not in self._flows:  # the event may have come down before the answer to sending it did
            self._new(FlowId(event_id, room_id), user_id)
        return event_id

    def begin_sas(self, user_id: str, device_id: str) -> Steps[str]:
        """Begin SAS without a request: for devices of clients that know no requests (deprecated)."""
        yield from self._sides.look_up(user_id)
        theirs = self._sides.side(user_id, device_id)
        if theirs is None:
            raise LocalProtocolError("no such device")
        flow = self._new(FlowId(self._random_id()), user_id)
        turn = flow.begin(theirs, self._surroundings.unix_ms())
        yield from self._send(flow, turn.outgoing)
        return flow.flow_id.text

    def accept(self, flow_id: str) -> Steps[_Happenings]:
        """Agree to verify."""
        return self._do(flow_id, Flow.accept)

    def start_sas(self, flow_id: str) -> Steps[_Happenings]:
        """Begin to compare short strings."""
        return self._do(flow_id, Flow.start_sas)

    def confirm(self, flow_id: str) -> Steps[_Happenings]:
        """Say that the strings are equal, or that the other device shows that it scanned our code."""
        return self._do(flow_id, Flow.confirm)

    def mismatch(self, flow_id: str) -> Steps[_Happenings]:
        """Say that the strings differ."""
        return self.cancel(flow_id, CancelCode.MISMATCHED_SAS, "the strings differ")

    def scan(self, flow_id: str, octets: bytes) -> Steps[_Happenings]:
        """Take what was read from the other device's screen."""
        return self._do(flow_id, lambda flow: flow.scan(octets))

    def cancel(self, flow_id: str, code: str = CancelCode.USER, reason: str = "the user said no") -> Steps[_Happenings]:
        """End a verification."""
        return self._do(flow_id, lambda flow: flow.cancel(code, reason))

    def qr_code(self, flow_id: str) -> bytes | None:
        """Return the octets to show as a QR code (one segment in byte mode), where both devices can do with one."""
        code = self[flow_id].qr_code()
        return None if code is None else code.to_octets()

    def tick(self) -> Steps[_Happenings]:
        """End what is over by time; to be called now and then."""
        now = self._surroundings.unix_ms()
        happenings: list[IdentityHappening] = []
        for flow_id, flow in list(self._flows.items()):
            happenings += yield from self._play(flow, flow.expire(now))
            if flow.is_over and now > flow.since_ms + 2 * _FORGET_MS:
                self._flows.pop(flow_id, None)
        return (*happenings, *self._news())

    # ── what comes ──

    def receive(self, sender: str, event_type: str, content: JsonObject) -> Steps[_Happenings]:
        """Take a to-device message; those of other kinds are none of ours."""
        kind = event_type.removeprefix(PREFIX)
        flow_id = content.get("transaction_id")
        if kind == event_type or not isinstance(flow_id, str):
            return ()
        flow = self._flows.get(flow_id)
        if flow is not None:
            if flow.flow_id.room_id is not None or flow.user_id != sender or kind == "request":
                return ()  # someone else's message with an id of ours
            return (yield from self._receive(flow, kind, content))
        if kind in ("request", "start"):
            return (yield from self._asked(FlowId(flow_id), sender, kind, content))
        if kind not in _UNANSWERED:
            # Matrix v1.19 CS §Error and exception handling: the other device is told that nothing is known of it.
            unknown: JsonObject = {"code": CancelCode.UNKNOWN_TRANSACTION.value, "reason": "no such verification here"}
            yield from self._post(sender, (Outgoing(PREFIX + "cancel", FlowId(flow_id).mark(unknown), ("*",)),))
        return ()

    def receive_in_room(self, message: RoomMessage) -> Steps[_Happenings]:
        """Take an event of a room; those of other kinds, and of others' verifications, are none of ours."""
        content, kind = message.content, message.type.removeprefix(PREFIX)
        if message.type == "m.room.message" and content.get("msgtype") == _REQUEST:
            return (yield from self._asked_in_room(message))
        related = content.get("m.relates_to")
        event_id = related.get("event_id") if isinstance(related, dict) else None
        flow = self._flows.get(event_id) if isinstance(event_id, str) else None
        if kind == message.type or flow is None or flow.flow_id.room_id != message.room_id:
            return ()
        if message.sender == self._sides.our_side().user_id:
            return (yield from self._receive_own(flow, kind, content))
        if message.sender != flow.user_id:
            return ()
        return (yield from self._receive(flow, kind, content))

    def _receive_own(self, flow: Flow, kind: str, content: JsonObject) -> Steps[_Happenings]:
        """Take what a device of our user sent in a room: ours, come back, or another that answered in our stead."""
        is_answer = kind in ("ready", "start", "cancel")
        is_echo = content.get("from_device") == self._sides.our_side().device_id
        if is_answer and not is_echo and not flow.is_ours and flow.stage is Stage.ASKED:
            return (yield from self._play(flow, flow.pass_on()))
        return ()

    def _asked_in_room(self, message: RoomMessage) -> Steps[_Happenings]:
        ours = self._sides.our_side()
        content = message.content
        if message.sender == ours.user_id:
            self._note_own_request(message)
            return ()
        if content.get("to") != ours.user_id or message.event_id in self._flows:
            return ()
        flow_id = FlowId(message.event_id, message.room_id)
        timed = {**content, "timestamp": message.sent_ms}
        return (yield from self._asked(flow_id, message.sender, "request", timed))

    def _note_own_request(self, message: RoomMessage) -> None:
        """Begin with a request of this device that came down before the answer to sending it did."""
        to, is_ours = message.content.get("to"), message.content.get("from_device") == self._sides.our_side().device_id
        if is_ours and isinstance(to, str) and message.event_id not in self._flows and self._is_recent(message.sent_ms):
            self._new(FlowId(message.event_id, message.room_id), to)

    def _asked(self, flow_id: FlowId, sender: str, kind: str, content: JsonObject) -> Steps[_Happenings]:
        """Take a request, or a start without one."""
        now, ours = self._surroundings.unix_ms(), self._sides.our_side()
        try:
            ask = read_content(content, Ask) if kind == "request" else None
            device_id = ask.from_device if ask is not None else read_content(content, Start).from_device
        except VerificationRefused:
            return ()
        sent = now if ask is None else ask.timestamp if ask.timestamp is not None else -1
        if not self._is_recent(sent) or (sender, device_id) == (ours.user_id, ours.device_id):
            return ()
        theirs = yield from self._find(sender, device_id)
        if theirs is None or self._has_enough_of(sender):
            return ()
        rivals = [flow for flow in self.open.values() if flow.theirs is not None and flow.theirs == theirs]
        flow = self._new(flow_id, sender)
        if ask is None:
            flow.begun(theirs, content, now)
        else:
            flow.asked(theirs, ask.methods, (sent, now))
        if rivals:
            return (yield from self._cancel_all([*rivals, flow]))
        methods = (SAS_METHOD,) if ask is None else flow.methods
        return (VerificationAsked(flow_id.text, sender, device_id, methods, flow_id.room_id),)

    def _cancel_all(self, flows: list[Flow]) -> Steps[_Happenings]:
        # Matrix v1.19 CS §Error and exception handling: of several attempts of one device all are cancelled.
        happenings: list[IdentityHappening] = []
        for flow in flows:
            turn = flow.cancel(CancelCode.UNEXPECTED_MESSAGE, "more than one verification at once")
            happenings += yield from self._play(flow, turn)
        return tuple(happenings[: len(flows) - 1])  # of the newest nobody has heard

    def _receive(self, flow: Flow, kind: str, content: JsonObject) -> Steps[_Happenings]:
        side, device_id = None, content.get("from_device")
        if kind == "ready" and isinstance(device_id, str):
            side = yield from self._find(flow.user_id, device_id)
        return (yield from self._play(flow, flow.receive(kind, content, side)))

    # ── how ──

    def _is_recent(self, sent_ms: int) -> bool:
        # Matrix v1.19 CS §m.key.verification.request `timestamp`.
        now = self._surroundings.unix_ms()
        return now - _MAX_PAST_MS <= sent_ms <= now + _MAX_FUTURE_MS

    def _has_enough_of(self, user_id: str) -> bool:
        """Return whether one more verification that a user begins is an attack."""
        is_full = len(self._flows) >= _MAX_FLOWS and user_id != self._sides.our_side().user_id
        return is_full or sum(flow.user_id == user_id for flow in self._flows.values()) >= _MAX_OF_ONE

    def _find(self, user_id: str, device_id: str) -> Steps[Side | None]:
        if self._sides.side(user_id, device_id) is None:
            yield from self._sides.look_up(user_id)
        return self._sides.side(user_id, device_id)

    def _new(self, flow_id: FlowId, user_id: str) -> Flow:
        flow = Flow(flow_id, self._sides.our_side(), user_id, self._surroundings.chance, self.options)
        flow.since_ms = self._surroundings.unix_ms()
        self._flows[flow_id.text] = flow
        return flow

    def _do(self, flow_id: str, act: Callable[[Flow], Turn]) -> Steps[_Happenings]:
        flow = self[flow_id]
        return (yield from self._play(flow, act(flow)))

    def _play(self, flow: Flow, turn: Turn) -> Steps[_Happenings]:
        self._untold += turn.happenings
        done = [happening for happening in turn.happenings if isinstance(happening, VerificationDone)]
        for one in done:
            yield from self._sides.note_verified(one)
        try:
            yield from self._send(flow, turn.outgoing)
        except MatrixError as error:
            self._untold += flow.break_off(f"the server refused a message: {error}").happenings
        for one in done:
            yield from self._sides.publish_verified(one)
        return self._news()

    def _news(self) -> _Happenings:
        told, self._untold = tuple(self._untold), []
        return told

    def _send(self, flow: Flow, outgoing: tuple[Outgoing, ...]) -> Steps[None]:
        room_id = flow.flow_id.room_id
        if room_id is None:
            yield from self._post(flow.user_id, outgoing)
            return
        for message in outgoing:
            if self.post is not None:
                yield from self.post(room_id, message.event_type, message.content)

    def _post(self, user_id: str, outgoing: tuple[Outgoing, ...]) -> Steps[None]:
        for message in outgoing:
            yield from ask(
                SendToDevice(
                    event_type=message.event_type,
                    txn_id=self._random_id(),
                    messages={user_id: dict.fromkeys(message.device_ids, message.content)},
                )
            )

    def _random_id(self) -> str:
        return unpadded_base64.encode_url_safe(self._surroundings.chance(12))
