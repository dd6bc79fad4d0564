"""Verifications of devices and users through a server: who is asked, who answers, and how it ends."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fakes.identity_homes import Home, homes
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.encryption.trust import Trust
from scop.matrix.json_values import JsonObject
from scop.matrix.verification import (
    CodeScanned,
    FlowOptions,
    RoomMessage,
    StringsShown,
    VerificationAsked,
    VerificationCancelled,
    VerificationDone,
    VerificationReady,
)
from scop.matrix.verification.parties import FlowId
from scop.matrix.verification.qr_code import QrMode, parse_qr_code
from scop.matrix.verification.turns import Stage

_ADA, _ADAS_PHONE, _ADAS_WATCH = (("@ada:x", name) for name in ("DESK", "PHONE", "WATCH"))
_BEN, _BENS_PHONE = ("@ben:x", "BOAT"), ("@ben:x", "BUOY")
_ROOM = "!pier:x"


def _everyone_hears(people: list[Home], times: int = 1) -> None:
    for _ in range(times):
        for home in people:
            home.hear()


def _ask(asker: Home, other: Home, *devices: str) -> str:
    flow_id = asker.do(asker.identity.verifications.request(other.place[0], devices))
    other.hear()
    return flow_id


def _ready(asker: Home, other: Home, *devices: str) -> str:
    flow_id = _ask(asker, other, *devices)
    other.act(other.identity.verifications.accept(flow_id))
    asker.hear()
    return flow_id


def _shown(asker: Home, other: Home) -> str:
    flow_id = _ready(asker, other)
    asker.act(asker.identity.verifications.start_sas(flow_id))
    _everyone_hears([other, asker], 2)
    return flow_id


def _trust(home: Home, other: Home) -> Trust:
    device = home.machine.devices.get(*other.place)
    assert device is not None
    return home.identity.trust.trust(device)


def _bootstrapped(*people: Home) -> None:
    for home in people:
        home.do(home.identity.cross_signing.bootstrap())
    _everyone_hears(list(people))
    for home in people:
        home.do(home.machine.track([other.place[0] for other in people]))


def _code(home: Home) -> tuple[str, bool]:
    cancelled = home.last(VerificationCancelled)
    assert isinstance(cancelled, VerificationCancelled)
    return cancelled.code, cancelled.is_by_us


# ── asking ──


def test_verification_of_devices_by_strings_makes_them_trusted() -> None:
    """Matrix v1.19 CS §Key verification framework: request, ready, start, …, done; without cross-signing too."""
    ada, ben = people = homes(_ADA, _BEN)
    flow_id = _shown(ada, ben)
    shown = [home.last(StringsShown) for home in people]
    assert isinstance(shown[0], StringsShown)
    assert isinstance(shown[1], StringsShown)
    assert (shown[0].emoji, shown[0].decimals) == (shown[1].emoji, shown[1].decimals)
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    _everyone_hears(people, 2)
    assert [_trust(ada, ben), _trust(ben, ada)] == [Trust.VERIFIED, Trust.VERIFIED]
    done = ada.last(VerificationDone)
    assert isinstance(done, VerificationDone)
    assert (done.user_id, done.device_id, done.device_key) == (*_BEN, ben.machine.own_device.ed25519)
    assert not any(isinstance(one, VerificationCancelled) for home in people for one in home.told)


def test_verification_survives_a_restart_of_both_devices() -> None:
    """What was verified is durable before it is told."""
    ada, ben = people = homes(_ADA, _BEN)
    flow_id = _shown(ada, ben)
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    _everyone_hears(people, 2)
    for home in people:
        home.restart()
    assert [_trust(ada, ben), _trust(ben, ada)] == [Trust.VERIFIED, Trust.VERIFIED]


def test_verification_asks_with_what_both_know() -> None:
    """The request names the asker's methods, the answer those that both know."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = _ask(ada, ben)
    methods = ("m.sas.v1", "m.qr_code.show.v1", "m.qr_code.scan.v1", "m.reciprocate.v1")
    assert ben.last(VerificationAsked) == VerificationAsked(flow_id, *_ADA, methods)
    ben.act(ben.identity.verifications.accept(flow_id))
    ada.hear()
    assert ada.last(VerificationReady) == VerificationReady(flow_id, *_BEN, methods)


def test_verification_is_taken_by_one_of_several_devices() -> None:
    """The other devices of who was asked are told m.accepted, and nobody else."""
    ada, ben, buoy = homes(_ADA, _BEN, _BENS_PHONE)
    flow_id = _ask(ada, ben)
    buoy.hear()
    assert buoy.last(VerificationAsked) == ben.last(VerificationAsked)
    buoy.act(buoy.identity.verifications.accept(flow_id))
    ada.hear()
    ben.hear()
    assert _code(ben) == ("m.accepted", False)
    assert ada.identity.verifications[flow_id].theirs == buoy.identity.verifications[flow_id].ours
    assert ada.identity.verifications[flow_id].stage is Stage.READY


def test_verification_goes_on_where_a_second_device_accepted_too_late() -> None:
    """Two devices may accept before either knows of the other: the first has it."""
    ada, ben, buoy = homes(_ADA, _BEN, _BENS_PHONE)
    flow_id = _ask(ada, ben)
    buoy.hear()
    for home in (ben, buoy):
        home.act(home.identity.verifications.accept(flow_id))
    _everyone_hears([ada, ben, buoy])
    assert ada.identity.verifications[flow_id].stage is Stage.READY
    assert [_code(buoy), ben.identity.verifications[flow_id].stage] == [("m.accepted", False), Stage.READY]


def test_verification_that_one_device_refuses_is_over_on_all() -> None:
    """Who is refused tells the other devices so, by m.user."""
    ada, ben, buoy = homes(_ADA, _BEN, _BENS_PHONE)
    flow_id = _ask(ada, ben)
    buoy.hear()
    ben.act(ben.identity.verifications.cancel(flow_id))
    ada.hear()
    buoy.hear()
    assert [_code(ada), _code(buoy), _code(ben)] == [("m.user", False), ("m.user", False), ("m.user", True)]


def test_verification_of_ones_own_devices_asks_all_but_this_one() -> None:
    """A device does not ask itself."""
    desk, phone, watch = homes(_ADA, _ADAS_PHONE, _ADAS_WATCH)
    desk.hear()
    flow_id = _ask(desk, phone)
    assert set(desk.identity.verifications[flow_id].asked_devices) == {"PHONE", "WATCH"}
    desk.hear()
    assert not desk.told
    with pytest.raises(LocalProtocolError):
        watch.do(watch.identity.verifications.request("@nobody:x"))


# ── endings ──


def test_verification_ends_where_the_strings_differ() -> None:
    """Matrix v1.19 CS §Error and exception handling: m.mismatched_sas."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = _shown(ada, ben)
    ada.act(ada.identity.verifications.mismatch(flow_id))
    ben.hear()
    assert [_code(ada), _code(ben)] == [("m.mismatched_sas", True), ("m.mismatched_sas", False)]
    with pytest.raises(LocalProtocolError):
        ben.act(ben.identity.verifications.confirm(flow_id))
    assert _trust(ben, ada) is Trust.UNVERIFIED


@pytest.mark.parametrize("stage", ["asked", "ready", "started", "shown"])
def test_verification_can_be_cancelled_at_any_time(stage: str) -> None:
    """By either side, at each stage."""
    for canceller in (0, 1):
        ada, ben = people = homes(_ADA, _BEN)
        flow_id = {"asked": _ask, "shown": _shown}.get(stage, _ready)(ada, ben)
        if stage == "started":
            ada.act(ada.identity.verifications.start_sas(flow_id))
        home, other = people[canceller], people[1 - canceller]
        home.act(home.identity.verifications.cancel(flow_id))
        _everyone_hears([other, home], 2)
        assert [_code(home), _code(other)] == [("m.user", True), ("m.user", False)]


def test_verification_times_out_after_ten_minutes() -> None:
    """Matrix v1.19 CS §Error and exception handling: the other device is told m.timeout."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = _shown(ada, ben)
    ada.clock.jump(599)
    ada.hear()
    assert ada.identity.verifications[flow_id].stage is Stage.STARTED
    ada.clock.jump(1)
    ada.hear()
    assert _code(ada) == ("m.timeout", True)
    ben.identity.verifications[flow_id].since_ms += 10_000  # whose clock is behind
    ben.hear()
    assert _code(ben) == ("m.timeout", False)
    ada.clock.jump(1201)
    ada.hear()
    assert flow_id not in ada.identity.verifications._flows


def test_verification_prompts_lapse_after_two_minutes_without_a_word() -> None:
    """Matrix v1.19 CS §Key verification framework: the prompt is dismissed; the asker is told nothing."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = _ask(ada, ben)
    ben.clock.jump(119)
    ben.hear()
    assert ben.identity.verifications[flow_id].stage is Stage.ASKED
    ben.clock.jump(1)
    ben.hear()
    assert _code(ben) == ("m.timeout", True)
    ada.hear()
    assert ada.identity.verifications[flow_id].stage is Stage.ASKED


@pytest.mark.parametrize(("age_seconds", "is_heard"), [(601, False), (599, True), (-299, True), (-301, False)])
def test_verification_requests_of_another_time_are_ignored(age_seconds: int, is_heard: bool) -> None:
    """Matrix v1.19 CS §m.key.verification.request `timestamp`: ten minutes back, five ahead."""
    ada, ben = homes(_ADA, _BEN)

    def spoil(needed: object) -> object:
        if isinstance(needed, SendToDevice):
            for messages in needed.messages.values():
                for content in messages.values():
                    content["timestamp"] = int(content["timestamp"]) - age_seconds * 1000  # type: ignore[call-overload]
        return needed

    ada.spoil_message = spoil  # type: ignore[assignment]
    _ask(ada, ben)
    assert any(isinstance(one, VerificationAsked) for one in ben.told) is is_heard


def test_verifications_of_one_device_at_once_are_all_cancelled() -> None:
    """Matrix v1.19 CS §Error and exception handling: "the recipient should cancel all attempts with that device"."""
    ada, ben = homes(_ADA, _BEN)
    first = _ask(ada, ben)
    second = _ask(ada, ben)
    ada.hear()
    assert [ben.identity.verifications[one].stage for one in (first, second)] == [Stage.CANCELLED] * 2
    assert [ada.identity.verifications[one].stage for one in (first, second)] == [Stage.CANCELLED] * 2
    assert sum(isinstance(one, VerificationAsked) for one in ben.told) == 1


def _send(home: Home, other: Home, kind: str, content: JsonObject) -> None:
    request = SendToDevice(
        event_type=f"m.key.verification.{kind}",
        txn_id=f"forged{len(home.homeserver.asked)}",
        messages={other.place[0]: {other.place[1]: content}},
    )
    home.homeserver.answer(home.place, request)


@pytest.mark.parametrize("kind", ["accept", "key", "mac", "ready", "start", "request", "cancel", "done"])
def test_verification_messages_of_unknown_transactions(kind: str) -> None:
    """Matrix v1.19 CS §Error and exception handling: answered by m.unknown_transaction, but no loops of errors."""
    ada, ben = homes(_ADA, _BEN)
    _send(ben, ada, kind, {"transaction_id": "t9"})
    ada.hear()
    sent = [one for who, one in ada.homeserver.asked if who == "DESK" and isinstance(one, SendToDevice)]
    answers = [one.messages["@ben:x"]["*"]["code"] for one in sent]
    assert answers == (["m.unknown_transaction"] if kind in ("accept", "key", "mac") else [])
    assert ada.told == []


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("accept", {}, "m.unexpected_message"),
        ("done", {}, "m.unexpected_message"),
        ("ready", {"from_device": "BOAT", "methods": []}, "m.unexpected_message"),
        ("ready", {"from_device": "BOAT"}, "m.invalid_message"),
        ("start", {"from_device": "BOAT", "method": "m.telepathy"}, "m.unknown_method"),
        ("start", {"from_device": "BUOY", "method": "m.sas.v1"}, "m.invalid_message"),
        ("start", {"from_device": "BOAT", "method": "m.sas.v1"}, "m.invalid_message"),
        ("start", {"from_device": "BOAT", "method": "m.reciprocate.v1", "secret": "x"}, "m.unexpected_message"),
        ("start", {"method": "m.sas.v1"}, "m.invalid_message"),
        ("nonsense", {}, "m.unexpected_message"),
    ],
)
def test_verification_ends_by_the_code_for_what_is_wrong(kind: str, content: JsonObject, code: str) -> None:
    """Both sides are told why; after that nothing is answered any more."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = _ready(ada, ben)
    for _ in range(2):
        _send(ben, ada, kind, {**content, "transaction_id": flow_id})
    ada.hear()
    ben.hear()
    assert [_code(ada), _code(ben)] == [(code, True), (code, False)]
    sent = [one for who, one in ada.homeserver.asked if who == "DESK" and isinstance(one, SendToDevice)]
    assert [one.event_type for one in sent[1:]] == ["m.key.verification.cancel"]


def test_verification_takes_no_messages_of_others() -> None:
    """Someone who knows the transaction id cannot end or go on with a verification of others."""
    ada, ben, eve = homes(_ADA, _BEN, ("@eve:x", "EVE"))
    flow_id = _ready(ada, ben)
    for kind in ("cancel", "start", "request", "ready"):
        _send(eve, ada, kind, {"transaction_id": flow_id, "from_device": "EVE", "code": "m.user"})
    ada.hear()
    assert ada.identity.verifications[flow_id].stage is Stage.READY


def test_verification_by_an_unknown_device_ends() -> None:
    """A device that its user does not publish is verified by nobody."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = _ask(ada, ben)
    _send(ben, ada, "ready", {"transaction_id": flow_id, "from_device": "GHOST", "methods": ["m.sas.v1"]})
    ada.hear()
    assert _code(ada) == ("m.invalid_message", True)


def test_verification_ends_where_no_method_is_common() -> None:
    """m.unknown_method, on both sides."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = _ask(ada, ben)
    _send(ben, ada, "ready", {"transaction_id": flow_id, "from_device": "BOAT", "methods": ["m.telepathy"]})
    ada.hear()
    assert _code(ada) == ("m.unknown_method", True)


@pytest.mark.parametrize("starter", [0, 1])
def test_verification_started_by_both_counts_the_smaller_user(starter: int) -> None:
    """Of two starts that of the lexicographically smaller user is followed, whoever's arrives first."""
    ada, ben = people = homes(_ADA, _BEN)
    flow_id = _ready(ada, ben)
    for home in (people[starter], people[1 - starter]):
        home.act(home.identity.verifications.start_sas(flow_id))
    _everyone_hears([people[starter], people[1 - starter]], 3)
    assert len([one for home in people for one in home.told if isinstance(one, StringsShown)]) == 2
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    _everyone_hears(people, 2)
    assert [_trust(ada, ben), _trust(ben, ada)] == [Trust.VERIFIED, Trust.VERIFIED]


def test_verification_without_a_request_waits_for_its_person() -> None:
    """Deprecated, yet "clients should handle such verifications"."""
    ada, ben = people = homes(_ADA, _BEN)
    flow_id = ada.do(ada.identity.verifications.begin_sas(*_BEN))
    ben.hear()
    assert ben.last(VerificationAsked) == VerificationAsked(flow_id, *_ADA, ("m.sas.v1",))
    ben.act(ben.identity.verifications.accept(flow_id))
    _everyone_hears(people, 2)
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    _everyone_hears(people)
    assert [_trust(ada, ben), _trust(ben, ada)] == [Trust.VERIFIED, Trust.VERIFIED]


def test_verification_ends_where_the_server_refuses_its_messages() -> None:
    """Nobody waits for what cannot be sent."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = ada.do(ada.identity.verifications.request_in_room("@ben:x", _ROOM))
    ben.hear()
    ben.homeserver.refuses_messages = True
    ben.act(ben.identity.verifications.accept(flow_id))
    cancelled = ben.last(VerificationCancelled)
    assert isinstance(cancelled, VerificationCancelled)
    assert "M_FORBIDDEN" in cancelled.reason


# ── tampering on the way ──


def _tampered(kind: str, change: Callable[[JsonObject], None]) -> Callable[[object], object]:
    def spoil(needed: object) -> object:
        if isinstance(needed, SendToDevice) and needed.event_type.endswith(kind):
            for messages in needed.messages.values():
                for content in messages.values():
                    change(content)
        return needed

    return spoil


@pytest.mark.parametrize(
    ("kind", "name", "value", "code"),
    [
        ("accept", "commitment", "AAAA", "m.mismatched_commitment"),
        ("key", "key", "JGLn/yafz74HB2AbPLYJWIVGnKAtqECOBf11yyXac2Y", "m.mismatched_commitment"),
        ("mac", "keys", "AAAA", "m.key_mismatch"),
        ("mac", "mac", {"ed25519:BOAT": "AAAA"}, "m.key_mismatch"),
        ("accept", "hash", "md5", "m.unknown_method"),
    ],
)
def test_verification_ends_where_a_server_changes_messages(kind: str, name: str, value: object, code: str) -> None:
    """Whatever is changed on the way from Ben, Ada ends it by the code for that, and trusts nobody."""
    ada, ben = people = homes(_ADA, _BEN)
    ben.spoil_message = _tampered(kind, lambda content: content.__setitem__(name, value))  # type: ignore[assignment]
    flow_id = _shown(ada, ben)
    if kind == "mac":
        for home in people:
            home.act(home.identity.verifications.confirm(flow_id))
        _everyone_hears(people, 2)
    assert _code(ada) == (code, True)
    assert _trust(ada, ben) is Trust.UNVERIFIED


def test_verification_keeps_to_the_keys_it_began_with() -> None:
    """Matrix v1.19 CS §Key and signature security 2: keys that are swapped meanwhile are not verified."""
    ada, ben = people = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    flow_id = _shown(ada, ben)
    old = ben.homeserver.public["@ben:x"]["master"]
    ben.homeserver.public["@ben:x"] = {}
    ben.homeserver.public.pop("@ben:x")
    ben.homeserver._announce("@ben:x")
    ada.hear()
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    _everyone_hears(people, 2)
    done = ada.last(VerificationDone)
    assert isinstance(done, VerificationDone)
    assert [done.master_key] == list(old["keys"].values())  # type: ignore[attr-defined]


def test_verification_is_refused_where_a_device_has_the_id_of_a_key() -> None:
    """Matrix v1.19 CS §Key and signature security 3: any device of theirs, not only the one that verifies."""
    ada, ben = people = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    master = next(iter(ben.homeserver.public["@ben:x"]["master"]["keys"].values()))  # type: ignore[attr-defined]
    Home(ben.homeserver, ben.clock, ("@ben:x", master), FlowOptions())
    ada.hear()
    flow_id = _ready(ada, ben, "BOAT")
    assert ada.identity.verifications.qr_code(flow_id) is None
    ada.act(ada.identity.verifications.start_sas(flow_id))
    _everyone_hears([ben, ada], 2)
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    _everyone_hears(people)
    assert _code(ada) == ("m.key_mismatch", True)


def test_verification_is_durable_before_the_other_side_hears_of_it() -> None:
    """A network that goes away at the last message takes nothing of it, and what is to be told is told later."""
    ada, ben = people = homes(_ADA, _BEN)
    flow_id = _shown(ada, ben)
    for home in people[1:]:
        home.act(home.identity.verifications.confirm(flow_id))

    def lose(needed: object) -> object:
        if isinstance(needed, SendToDevice):
            raise ConnectionError
        return needed

    ada.hear()
    ada.spoil_message = lose  # type: ignore[assignment]
    with pytest.raises(ConnectionError):
        ada.act(ada.identity.verifications.confirm(flow_id))
    ada.spoil_message = lambda needed: needed
    assert [type(one) for one in ada.hear()] == [VerificationDone]
    assert _trust(ada, ben) is Trust.VERIFIED


# ── in rooms ──


def _in_room(ada: Home, ben: Home) -> str:
    flow_id = ada.do(ada.identity.verifications.request_in_room("@ben:x", _ROOM))
    ben.hear()
    ben.act(ben.identity.verifications.accept(flow_id))
    ada.hear()
    return flow_id


def test_verification_of_users_in_a_room_makes_their_identities_trusted() -> None:
    """Matrix v1.19 CS §Cross-signing: master keys are verified, and signed by user-signing keys."""
    ada, ben, buoy = people = homes(_ADA, _BEN, _BENS_PHONE)
    _bootstrapped(ada, ben)
    ben.do(ben.machine.track(["@ben:x"]))
    buoy.hear()
    flow_id = _in_room(ada, ben)
    ben.act(ben.identity.verifications.start_sas(flow_id))
    _everyone_hears(people, 3)
    for home in (ada, ben):
        home.act(home.identity.verifications.confirm(flow_id))
    _everyone_hears(people, 3)
    assert ada.identity.trust.is_verified("@ben:x")
    assert ben.identity.trust.is_verified("@ada:x")
    assert [_trust(ada, ben), _trust(ben, ada)] == [Trust.VERIFIED, Trust.VERIFIED]
    signed = ada.homeserver.public["@ben:x"]["master"]["signatures"]
    assert "@ada:x" in signed  # type: ignore[operator]
    assert _code(buoy) == ("m.accepted", False)


def test_verification_in_a_room_is_nobody_elses() -> None:
    """Who is not named in `to` ignores the request and all that relates to it."""
    ada, ben, eve = homes(_ADA, _BEN, ("@eve:x", "EVE"))
    flow_id = _in_room(ada, ben)
    eve.hear()
    assert eve.told == []
    related: JsonObject = {"m.relates_to": {"rel_type": "m.reference", "event_id": flow_id}, "code": "m.user"}
    eve.homeserver.post("@eve:x", _ROOM, "m.key.verification.cancel", related)
    eve.homeserver.post("@ben:x", "!elsewhere:x", "m.key.verification.cancel", related)
    ada.hear()
    assert ada.identity.verifications[flow_id].stage is Stage.READY


def test_verification_in_a_room_is_refused_on_all_devices_at_once() -> None:
    """A cancel by one device of ours ends the prompt on the others."""
    ada, ben, buoy = homes(_ADA, _BEN, _BENS_PHONE)
    flow_id = ada.do(ada.identity.verifications.request_in_room("@ben:x", _ROOM))
    ben.hear()
    buoy.hear()
    ben.act(ben.identity.verifications.cancel(flow_id))
    ada.hear()
    buoy.hear()
    assert [_code(ada), _code(buoy)] == [("m.user", False), ("m.accepted", False)]


def test_verification_in_a_room_begins_also_where_its_echo_is_quicker() -> None:
    """The request may come down by sync before sending it was answered."""
    ada, _ben = homes(_ADA, _BEN)
    content: JsonObject = {
        "msgtype": "m.key.verification.request",
        "from_device": "DESK",
        "to": "@ben:x",
        "methods": [],
    }
    message = RoomMessage(_ROOM, "$7", "@ada:x", "m.room.message", content, 1_700_000_000_000)
    assert ada.do(ada.identity.receive_in_room(message)) == ()
    assert ada.identity.verifications["$7"].flow_id == FlowId("$7", _ROOM)


# ── QR codes ──


def _scanned(shower: Home, scanner: Home, flow_id: str) -> None:
    octets = shower.identity.verifications.qr_code(flow_id)
    assert octets is not None
    scanner.act(scanner.identity.verifications.scan(flow_id, octets))
    shower.hear()


def test_verification_by_qr_code_between_users() -> None:
    """Matrix v1.19 CS §QR codes, mode 0: both master keys, by one scan."""
    ada, ben = people = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    flow_id = _in_room(ada, ben)
    code = ada.identity.verifications.qr_code(flow_id)
    assert code is not None
    assert (parse_qr_code(code).mode, ada.identity.verifications.qr_code(flow_id)) == (QrMode.OTHER_USER, code)
    _scanned(ada, ben, flow_id)
    assert isinstance(ben.last(VerificationDone), VerificationDone)
    assert ada.last(CodeScanned) == CodeScanned(flow_id, *_BEN)
    assert not ada.identity.trust.is_verified("@ben:x")
    ada.act(ada.identity.verifications.confirm(flow_id))
    _everyone_hears(people, 2)
    assert ada.identity.trust.is_verified("@ben:x")
    assert ben.identity.trust.is_verified("@ada:x")
    assert [one.type for one in ada.homeserver.messages[-2:]] == ["m.key.verification.done"] * 2


@pytest.mark.parametrize("shows_new", [False, True])
def test_verification_by_qr_code_between_ones_own_devices(shows_new: bool) -> None:
    """Modes 1 and 2: whichever device shows the code, the new one is signed and gets the secrets."""
    old, new = homes(_ADA, _ADAS_PHONE)
    old.do(old.identity.cross_signing.bootstrap())
    _everyone_hears([old, new])
    flow_id = _ready(new, old)
    shower, scanner = (new, old) if shows_new else (old, new)
    octets = shower.identity.verifications.qr_code(flow_id)
    assert octets is not None
    assert parse_qr_code(octets).mode is (QrMode.SELF_UNTRUSTING if shows_new else QrMode.SELF_TRUSTING)
    _scanned(shower, scanner, flow_id)
    shower.act(shower.identity.verifications.confirm(flow_id))
    _everyone_hears([old, new], 4)
    assert [_trust(old, new), _trust(new, old)] == [Trust.VERIFIED, Trust.VERIFIED]
    assert new.identity.cross_signing.is_whole


@pytest.mark.parametrize("at", [12, 30, 70])
def test_verification_by_a_qr_code_of_other_keys_ends(at: int) -> None:
    """Step 6: a code whose id or keys are others is refused: m.key_mismatch."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    flow_id = _ready(ada, ben)
    octets = bytearray(ada.identity.verifications.qr_code(flow_id) or b"")
    octets[at] ^= 1
    ben.act(ben.identity.verifications.scan(flow_id, bytes(octets)))
    ada.hear()
    assert [_code(ben), _code(ada)] == [("m.key_mismatch", True), ("m.key_mismatch", False)]


def test_verification_by_a_qr_code_whose_secret_is_not_known_ends() -> None:
    """Step 9: whoever did not see the code cannot say that it was scanned."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    flow_id = _ready(ada, ben)
    octets = ada.identity.verifications.qr_code(flow_id)
    assert octets is not None
    ben.act(ben.identity.verifications.scan(flow_id, octets[:-1] + bytes([octets[-1] ^ 1])))
    ada.hear()
    assert _code(ada) == ("m.key_mismatch", True)
    assert not ada.identity.trust.is_verified("@ben:x")


def test_verification_by_something_else_than_a_qr_code_goes_on() -> None:
    """A person may scan a poster first."""
    ada, ben = homes(_ADA, _BEN)
    _bootstrapped(ada, ben)
    flow_id = _ready(ada, ben)
    with pytest.raises(RemoteProtocolError):
        ben.act(ben.identity.verifications.scan(flow_id, b"https://example.org/"))
    assert ben.identity.verifications[flow_id].stage is Stage.READY


def test_verification_shows_no_qr_code_that_cannot_be_scanned() -> None:
    """Where the other cannot scan, or there are no master keys, none is shown."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = _ready(ada, ben)
    assert ada.identity.verifications.qr_code(flow_id) is None  # no master keys
    ada, ben = homes(_ADA, _BEN, options=FlowOptions(can_scan=False))
    _bootstrapped(ada, ben)
    flow_id = _ready(ada, ben)
    assert ada.identity.verifications.qr_code(flow_id) is None
    with pytest.raises(LocalProtocolError):
        ben.act(ben.identity.verifications.scan(flow_id, b""))
