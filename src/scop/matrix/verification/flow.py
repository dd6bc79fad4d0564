"""One verification with one other device: asked, made ready, done by some method, or cancelled.

Theory of operation. Messages come in by `receive`, what people do by the other methods; each returns a `Turn`: what is
to be sent, and what people are told. What is wrong cancels the verification, by the code that the standard has for it,
and after that nothing is sent any more, so that two devices never answer errors with errors.

    ASKED ─ready→ READY ─start→ STARTED ─(accept, key, mac)→ DONE          CANCELLED: from everywhere

Standards: Matrix v1.19 CS §Key verification framework.
"""

from __future__ import annotations

from collections.abc import Callable

from scop.base import LocalProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Chance
from scop.matrix.verification.cancel_codes import CancelCode, VerificationRefused
from scop.matrix.verification.contents import PREFIX, Cancel, Ready, Start, read_content
from scop.matrix.verification.happenings import (
    CodeScanned,
    IdentityHappening,
    StringsShown,
    VerificationCancelled,
    VerificationDone,
    VerificationReady,
)
from scop.matrix.verification.parties import FlowId, Side, VerifiedKeys
from scop.matrix.verification.qr_code import QrCode, parse_qr_code
from scop.matrix.verification.reciprocate import (
    RECIPROCATE,
    SCAN,
    SHOW,
    check_reciprocation,
    check_scanned,
    make_code,
    verified_by_showing,
)
from scop.matrix.verification.sas import SAS_METHOD, Sas, SasState
from scop.matrix.verification.turns import FlowOptions, GrowingTurn, Outgoing, Stage, Turn

__all__ = ["Flow"]

_TOTAL_MS = 10 * 60 * 1000  # Matrix v1.19 CS §Error and exception handling: "does not complete within 10 minutes"
_PROMPT_MS = 2 * 60 * 1000  # Matrix v1.19 CS §Key verification framework: "2 minutes after Bob's client receives"


class Flow:
    """One verification; `asked_devices` are those that a request of ours went to, by to-device messages."""

    def __init__(self, flow_id: FlowId, ours: Side, user_id: str, chance: Chance, options: FlowOptions) -> None:
        self.flow_id = flow_id
        self.ours = ours
        self.user_id = user_id  # of the other side, who may be our own user
        self.theirs: Side | None = None
        self.stage = Stage.ASKED
        self.is_ours = True  # we asked
        self.asked_devices: tuple[str, ...] = ()
        self.their_methods: tuple[str, ...] = ()
        self.since_ms = 0
        self.prompt_until_ms: int | None = None  # when an open request of theirs lapses
        self._chance = chance
        self._options = options
        self._sas: Sas | None = None
        self._waiting_start: JsonObject | None = None  # of a verification that began without a request
        self._code: QrCode | None = None
        self._is_scanned = False  # our code, by them
        self._owes_done = False
        self._growing = GrowingTurn()

    # ── what is asked of it ──

    @property
    def methods(self) -> tuple[str, ...]:
        """What both devices can do together."""
        return tuple(one for one in self._options.methods if _COUNTERPART.get(one, one) in self.their_methods)

    @property
    def is_over(self) -> bool:
        """Whether nothing more can come of it."""
        return self.stage in (Stage.DONE, Stage.CANCELLED)

    def qr_code(self) -> QrCode | None:
        """Return the code to show, where both devices can do with one; the same whenever it is asked for."""
        if self.stage is Stage.READY and self._code is None and {SHOW, RECIPROCATE} <= set(self.methods):
            self._code = make_code(self.flow_id, self.ours, self._other(), self._chance)
        return self._code if self.stage is Stage.READY else None

    # ── what people do ──

    def ask_with(self, timestamp_ms: int) -> JsonObject:
        """Return the content of our request, for devices."""
        return self.flow_id.mark(
            {"from_device": self.ours.device_id, "methods": list(self._options.methods), "timestamp": timestamp_ms}
        )

    def asked(self, theirs: Side, methods: tuple[str, ...], times_ms: tuple[int, int]) -> None:
        """Become a request of theirs; times are when it was sent and when it came."""
        sent, came = times_ms
        self.is_ours, self.theirs, self.their_methods, self.since_ms = False, theirs, methods, came
        self.prompt_until_ms = min(sent + _TOTAL_MS, came + _PROMPT_MS)

    def begun(self, theirs: Side, start: JsonObject, now_ms: int) -> None:
        """Become a verification that they began without a request; it waits until our person accepts."""
        # Matrix v1.19 CS §Key verification framework: deprecated, but "clients should handle such verifications".
        self.asked(theirs, (SAS_METHOD,), (now_ms, now_ms))
        self._waiting_start = start

    def begin(self, theirs: Side, now_ms: int) -> Turn:
        """Begin SAS without a request, for clients that know no requests."""
        self.theirs, self.their_methods, self.since_ms, self.stage = theirs, (SAS_METHOD,), now_ms, Stage.READY
        return self.start_sas()

    def accept(self) -> Turn:
        """Agree to verify."""
        if self.is_ours or self.stage is not Stage.ASKED:
            raise LocalProtocolError(f"nothing to accept: {self.stage}")
        self.prompt_until_ms = None
        self.stage = Stage.READY
        if self._waiting_start is not None:
            return self._guarded(lambda: self._take_start(self._waiting_start or {}))
        content: JsonObject = {"from_device": self.ours.device_id, "methods": list(self.methods)}
        self._send("ready", self.flow_id.mark(content))
        self._tell_ready()
        return self._turn()

    def start_sas(self) -> Turn:
        """Begin to compare short strings."""
        if self.stage is not Stage.READY or SAS_METHOD not in self.methods:
            raise LocalProtocolError(f"SAS cannot begin: {self.stage}")
        self._sas = Sas.start(self.flow_id, (self.ours, self._other()), self._chance, self._options.sas)
        self.stage = Stage.STARTED
        self._send("start", self._sas.start_content)
        return self._turn()

    def scan(self, octets: bytes) -> Turn:
        """Take what our device read from the other's screen; raises `RemoteProtocolError` where it is no such code."""
        if self.stage is not Stage.READY or SCAN not in self.methods:
            raise LocalProtocolError(f"nothing to scan: {self.stage}")
        code = parse_qr_code(octets)
        return self._guarded(lambda: self._take_scanned(code))

    def _take_scanned(self, code: QrCode) -> None:
        verified = check_scanned(code, self.flow_id, self.ours, self._other())
        # Matrix v1.19 CS §QR codes step 8.
        content: JsonObject = {
            "from_device": self.ours.device_id,
            "method": RECIPROCATE,
            "secret": unpadded_base64.encode(code.secret),
        }
        self._send("start", self.flow_id.mark(content))
        self._finish(verified, says_done=False)

    def confirm(self) -> Turn:
        """Say that the strings are equal, or that the other device shows that it scanned our code."""
        if self.stage is Stage.STARTED and self._is_scanned and self._code is not None:
            self._finish(verified_by_showing(self._code, self._other()))
        elif self.stage is Stage.STARTED and self._sas is not None:
            self._send_all(self._sas.confirm())
            self._finish_if_verified()
        else:
            raise LocalProtocolError(f"nothing to confirm: {self.stage}")
        return self._turn()

    def cancel(self, code: str = CancelCode.USER, reason: str = "the user said no") -> Turn:
        """End it."""
        if not self.is_over:
            self._cancel(code, reason)
        return self._turn()

    def pass_on(self) -> Turn:
        """End it: another device of ours took it, or refused."""
        if not self.is_over:
            self._end(CancelCode.ACCEPTED, "another device of ours answered", is_by_us=False)
        return self._turn()

    def break_off(self, reason: str) -> Turn:
        """End it without a word: messages do not get through."""
        if not self.is_over:
            self._end(CancelCode.USER, reason, is_by_us=True)
        return self._turn()

    def expire(self, now_ms: int) -> Turn:
        """End it where its time is over."""
        if self.is_over:
            return self._turn()
        if self.prompt_until_ms is not None and now_ms >= self.prompt_until_ms:
            # Matrix v1.19 CS §Key verification framework: the prompt is dismissed; nobody is told.
            self._end(CancelCode.TIMEOUT, "nobody answered in time", is_by_us=True)
        elif now_ms >= self.since_ms + _TOTAL_MS:
            self._cancel(CancelCode.TIMEOUT, "it took longer than ten minutes")
        return self._turn()

    # ── what comes ──

    def receive(self, kind: str, content: JsonObject, side: Side | None = None) -> Turn:
        """Take a message of the other side (its type without prefix); `side` is the device that it names, if known."""
        if kind == "cancel":
            return self._receive_cancel(content)
        if self.is_over:
            if kind == "done":
                self._receive_done()
            return self._turn()
        return self._guarded(lambda: self._receive(kind, content, side))

    def _receive(self, kind: str, content: JsonObject, side: Side | None) -> None:
        if kind == "ready":
            self._take_ready(content, side)
        elif kind == "start":
            self._take_start(content)
        elif kind == "done":
            if not self._is_scanned:  # whoever scanned may be done before ours confirm
                raise VerificationRefused(CancelCode.UNEXPECTED_MESSAGE, "done before it was")
        elif self._sas is None or self.stage is not Stage.STARTED:
            raise VerificationRefused(CancelCode.UNEXPECTED_MESSAGE, f"{PREFIX}{kind} while: {self.stage}")
        else:
            before = self._sas.state
            self._send_all(self._sas.receive(kind, content))
            if self._sas.state is SasState.SHOWN and before is not SasState.SHOWN:
                strings, theirs = self._sas.strings, self._other()
                self._tell(
                    StringsShown(self.flow_id.text, self.user_id, theirs.device_id, strings.decimals, strings.emoji)
                )
            self._finish_if_verified()

    def _take_ready(self, content: JsonObject, side: Side | None) -> None:
        ready = read_content(content, Ready)
        if self.is_ours and self.theirs is not None and ready.from_device != self.theirs.device_id:
            return  # a second device accepted before it read that another had
        if not self.is_ours or self.stage is not Stage.ASKED:
            raise VerificationRefused(CancelCode.UNEXPECTED_MESSAGE, f"ready while: {self.stage}")
        if side is None or (self.asked_devices and ready.from_device not in self.asked_devices):
            raise VerificationRefused(CancelCode.INVALID_MESSAGE, "ready by a device that is not known")
        others = tuple(one for one in self.asked_devices if one != side.device_id)
        self.theirs, self.their_methods, self.stage = side, ready.methods, Stage.READY
        if others:
            # Matrix v1.19 CS §Key verification framework: the other devices are told that one accepted.
            content = {"code": CancelCode.ACCEPTED.value, "reason": "another device accepted"}
            self._growing.outgoing.append(Outgoing(PREFIX + "cancel", self.flow_id.mark(content), others))
        if not self.methods:
            raise VerificationRefused(CancelCode.UNKNOWN_METHOD, "no method that both devices know")
        self._tell_ready()

    def _take_start(self, content: JsonObject) -> None:
        start, theirs = read_content(content, Start), self._other()
        if start.from_device != theirs.device_id:
            raise VerificationRefused(CancelCode.INVALID_MESSAGE, "started by another device")
        if start.method not in self.methods:
            raise VerificationRefused(CancelCode.UNKNOWN_METHOD, f"no method of ours: {start.method}")
        if self.stage is Stage.STARTED and not self._yields_to(start.method):
            return
        if self.stage not in (Stage.READY, Stage.STARTED):
            raise VerificationRefused(CancelCode.UNEXPECTED_MESSAGE, f"start while: {self.stage}")
        self.stage = Stage.STARTED
        if start.method == RECIPROCATE:
            if self._code is None:
                raise VerificationRefused(CancelCode.UNEXPECTED_MESSAGE, "no QR code was shown")
            check_reciprocation(self._code, content)
            self._is_scanned = True
            self._tell(CodeScanned(self.flow_id.text, self.user_id, theirs.device_id))
        else:
            self._sas, answers = Sas.accept(self.flow_id, (self.ours, theirs), self._chance, self._options.sas, content)
            self._send_all(answers)

    def _yields_to(self, method: str) -> bool:
        """Return whether their start counts where both sides sent one."""
        # Matrix v1.19 CS §Key verification framework: of two starts of one method that of the smaller user (or device).
        theirs = self._other()
        if method != SAS_METHOD or self._sas is None or self._sas.state is not SasState.STARTED:
            raise VerificationRefused(CancelCode.UNEXPECTED_MESSAGE, "a second start")
        return (theirs.user_id, theirs.device_id) < (self.ours.user_id, self.ours.device_id)

    def _receive_done(self) -> None:
        if self.stage is Stage.DONE and self._owes_done:
            self._owes_done = False
            self._send("done", self.flow_id.mark({}))

    def _receive_cancel(self, content: JsonObject) -> Turn:
        if not self.is_over:
            try:
                cancel = read_content(content, Cancel)
            except VerificationRefused:
                cancel = Cancel()
            if self.is_ours and self.stage is Stage.ASKED and len(self.asked_devices) > 1:
                # Matrix v1.19 CS §Key verification framework: all devices are told that it was rejected.
                self._send("cancel", self.flow_id.mark({"code": CancelCode.USER.value, "reason": "it was rejected"}))
            self._end(cancel.code, cancel.reason, is_by_us=False)
        return self._turn()

    # ── ends ──

    def _finish_if_verified(self) -> None:
        if self._sas is not None and (verified := self._sas.verified) is not None:
            self._finish(verified)

    def _finish(self, verified: VerifiedKeys, *, says_done: bool = True) -> None:
        self.stage = Stage.DONE
        if says_done:
            self._send("done", self.flow_id.mark({}))
        else:
            self._owes_done = True  # whoever showed the code confirms first; others do not await it earlier
        self._tell(
            VerificationDone(
                self.flow_id.text, verified.user_id, verified.device_id, verified.device_key, verified.master_key
            )
        )

    def _guarded(self, take: Callable[[], None]) -> Turn:
        """Do it, and cancel where it is refused."""
        try:
            take()
        except VerificationRefused as refused:
            self._cancel(refused.code, refused.reason)
        return self._turn()

    def _cancel(self, code: str, reason: str) -> None:
        self._send("cancel", self.flow_id.mark({"code": str(code), "reason": reason}))
        self._end(code, reason, is_by_us=True)

    def _end(self, code: str, reason: str, *, is_by_us: bool) -> None:
        self.stage, self.prompt_until_ms = Stage.CANCELLED, None
        self._tell(VerificationCancelled(self.flow_id.text, self.user_id, str(code), reason, is_by_us))

    # ── how ──

    def _other(self) -> Side:
        if self.theirs is None:
            raise VerificationRefused(CancelCode.UNEXPECTED_MESSAGE, "no device of theirs answered yet")
        return self.theirs

    def _send(self, kind: str, content: JsonObject) -> None:
        if self.flow_id.room_id is not None:
            devices: tuple[str, ...] = ()
        else:
            devices = self.asked_devices if self.theirs is None else (self.theirs.device_id,)
        self._growing.outgoing.append(Outgoing(PREFIX + kind, content, devices))

    def _send_all(self, answers: tuple[tuple[str, JsonObject], ...]) -> None:
        for kind, content in answers:
            self._send(kind, content)

    def _tell(self, happening: IdentityHappening) -> None:
        self._growing.happenings.append(happening)

    def _tell_ready(self) -> None:
        self._tell(VerificationReady(self.flow_id.text, self.user_id, self._other().device_id, self.methods))

    def _turn(self) -> Turn:
        grown, self._growing = self._growing, GrowingTurn()
        return grown.done()


# What the other device must be able to do for ours to do something.
_COUNTERPART = {SHOW: SCAN, SCAN: SHOW}
