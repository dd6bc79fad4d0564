"""Verifications of devices through a server: who is asked, who answers, and how it ends."""

from __future__ import annotations

import pytest

from fakes.identity_homes import homes
from fakes.verifying_homes import (
    ask_other,
    ended_by,
    everyone_hears,
    made_ready,
    send_raw,
    shown_to,
    trust_of,
)
from scop.base import LocalProtocolError
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.encryption.trust import Trust
from scop.matrix.json_values import JsonObject
from scop.matrix.verification import (
    StringsShown,
    VerificationAsked,
    VerificationCancelled,
    VerificationDone,
    VerificationReady,
)
from scop.matrix.verification.turns import Stage

_ADA, _ADAS_PHONE, _ADAS_WATCH = (("@ada:x", name) for name in ("DESK", "PHONE", "WATCH"))
_BEN, _BENS_PHONE = ("@ben:x", "BOAT"), ("@ben:x", "BUOY")
_ROOM = "!pier:x"


# ── asking ──


def test_verification_of_devices_by_strings_makes_them_trusted() -> None:
    """Matrix v1.19 CS §Key verification framework: request, ready, start, …, done; without cross-signing too."""
    ada, ben = people = homes(_ADA, _BEN)
    flow_id = shown_to(ada, ben)
    shown = [home.last(StringsShown) for home in people]
    assert isinstance(shown[0], StringsShown)
    assert isinstance(shown[1], StringsShown)
    assert (shown[0].emoji, shown[0].decimals) == (shown[1].emoji, shown[1].decimals)
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    everyone_hears(people, 2)
    assert [trust_of(ada, ben), trust_of(ben, ada)] == [Trust.VERIFIED, Trust.VERIFIED]
    done = ada.last(VerificationDone)
    assert isinstance(done, VerificationDone)
    assert (done.user_id, done.device_id, done.device_key) == (*_BEN, ben.machine.own_device.ed25519)
    assert not any(isinstance(one, VerificationCancelled) for home in people for one in home.told)


def test_verification_survives_a_restart_of_both_devices() -> None:
    """What was verified is durable before it is told."""
    ada, ben = people = homes(_ADA, _BEN)
    flow_id = shown_to(ada, ben)
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    everyone_hears(people, 2)
    for home in people:
        home.restart()
    assert [trust_of(ada, ben), trust_of(ben, ada)] == [Trust.VERIFIED, Trust.VERIFIED]


def test_verification_asks_with_what_both_know() -> None:
    """The request names the asker's methods, the answer those that both know."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = ask_other(ada, ben)
    methods = ("m.sas.v1", "m.qr_code.show.v1", "m.qr_code.scan.v1", "m.reciprocate.v1")
    assert ben.last(VerificationAsked) == VerificationAsked(flow_id, *_ADA, methods)
    ben.act(ben.identity.verifications.accept(flow_id))
    ada.hear()
    assert ada.last(VerificationReady) == VerificationReady(flow_id, *_BEN, methods)


def test_verification_is_taken_by_one_of_several_devices() -> None:
    """The other devices of who was asked are told m.accepted, and nobody else."""
    ada, ben, buoy = homes(_ADA, _BEN, _BENS_PHONE)
    flow_id = ask_other(ada, ben)
    buoy.hear()
    assert buoy.last(VerificationAsked) == ben.last(VerificationAsked)
    buoy.act(buoy.identity.verifications.accept(flow_id))
    ada.hear()
    ben.hear()
    assert ended_by(ben) == ("m.accepted", False)
    assert ada.identity.verifications[flow_id].theirs == buoy.identity.verifications[flow_id].ours
    assert ada.identity.verifications[flow_id].stage is Stage.READY


def test_verification_goes_on_where_a_second_device_accepted_too_late() -> None:
    """Two devices may accept before either knows of the other: the first has it."""
    ada, ben, buoy = homes(_ADA, _BEN, _BENS_PHONE)
    flow_id = ask_other(ada, ben)
    buoy.hear()
    for home in (ben, buoy):
        home.act(home.identity.verifications.accept(flow_id))
    everyone_hears([ada, ben, buoy])
    assert ada.identity.verifications[flow_id].stage is Stage.READY
    assert [ended_by(buoy), ben.identity.verifications[flow_id].stage] == [("m.accepted", False), Stage.READY]


def test_verification_that_one_device_refuses_is_over_on_all() -> None:
    """Who is refused tells the other devices so, by m.user."""
    ada, ben, buoy = homes(_ADA, _BEN, _BENS_PHONE)
    flow_id = ask_other(ada, ben)
    buoy.hear()
    ben.act(ben.identity.verifications.cancel(flow_id))
    ada.hear()
    buoy.hear()
    assert [ended_by(ada), ended_by(buoy), ended_by(ben)] == [("m.user", False), ("m.user", False), ("m.user", True)]


def test_verification_of_ones_own_devices_asks_all_but_this_one() -> None:
    """A device does not ask itself."""
    desk, phone, watch = homes(_ADA, _ADAS_PHONE, _ADAS_WATCH)
    desk.hear()
    flow_id = ask_other(desk, phone)
    assert set(desk.identity.verifications[flow_id].asked_devices) == {"PHONE", "WATCH"}
    desk.hear()
    assert not desk.told
    with pytest.raises(LocalProtocolError):
        watch.do(watch.identity.verifications.request("@nobody:x"))


# ── endings ──


def test_verification_ends_where_the_strings_differ() -> None:
    """Matrix v1.19 CS §Error and exception handling: m.mismatched_sas."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = shown_to(ada, ben)
    ada.act(ada.identity.verifications.mismatch(flow_id))
    ben.hear()
    assert [ended_by(ada), ended_by(ben)] == [("m.mismatched_sas", True), ("m.mismatched_sas", False)]
    with pytest.raises(LocalProtocolError):
        ben.act(ben.identity.verifications.confirm(flow_id))
    assert trust_of(ben, ada) is Trust.UNVERIFIED


@pytest.mark.parametrize("stage", ["asked", "ready", "started", "shown"])
def test_verification_can_be_cancelled_at_any_time(stage: str) -> None:
    """By either side, at each stage."""
    for canceller in (0, 1):
        ada, ben = people = homes(_ADA, _BEN)
        flow_id = {"asked": ask_other, "shown": shown_to}.get(stage, made_ready)(ada, ben)
        if stage == "started":
            ada.act(ada.identity.verifications.start_sas(flow_id))
        home, other = people[canceller], people[1 - canceller]
        home.act(home.identity.verifications.cancel(flow_id))
        everyone_hears([other, home], 2)
        assert [ended_by(home), ended_by(other)] == [("m.user", True), ("m.user", False)]


def test_verification_times_out_after_ten_minutes() -> None:
    """Matrix v1.19 CS §Error and exception handling: the other device is told m.timeout."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = shown_to(ada, ben)
    ada.clock.jump(599)
    ada.hear()
    assert ada.identity.verifications[flow_id].stage is Stage.STARTED
    ada.clock.jump(1)
    ada.hear()
    assert ended_by(ada) == ("m.timeout", True)
    ben.identity.verifications[flow_id].since_ms += 10_000  # whose clock is behind
    ben.hear()
    assert ended_by(ben) == ("m.timeout", False)
    ada.clock.jump(1201)
    ada.hear()
    assert flow_id not in ada.identity.verifications._flows


def test_verification_prompts_lapse_after_two_minutes_without_a_word() -> None:
    """Matrix v1.19 CS §Key verification framework: the prompt is dismissed; the asker is told nothing."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = ask_other(ada, ben)
    ben.clock.jump(119)
    ben.hear()
    assert ben.identity.verifications[flow_id].stage is Stage.ASKED
    ben.clock.jump(1)
    ben.hear()
    assert ended_by(ben) == ("m.timeout", True)
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
    ask_other(ada, ben)
    assert any(isinstance(one, VerificationAsked) for one in ben.told) is is_heard


def test_verifications_of_one_device_at_once_are_all_cancelled() -> None:
    """Matrix v1.19 CS §Error and exception handling: "the recipient should cancel all attempts with that device"."""
    ada, ben = homes(_ADA, _BEN)
    first = ask_other(ada, ben)
    second = ask_other(ada, ben)
    ada.hear()
    assert [ben.identity.verifications[one].stage for one in (first, second)] == [Stage.CANCELLED] * 2
    assert [ada.identity.verifications[one].stage for one in (first, second)] == [Stage.CANCELLED] * 2
    assert sum(isinstance(one, VerificationAsked) for one in ben.told) == 1


@pytest.mark.parametrize("kind", ["accept", "key", "mac", "ready", "start", "request", "cancel", "done"])
def test_verification_messages_of_unknown_transactions(kind: str) -> None:
    """Matrix v1.19 CS §Error and exception handling: answered by m.unknown_transaction, but no loops of errors."""
    ada, ben = homes(_ADA, _BEN)
    send_raw(ben, ada, kind, {"transaction_id": "t9"})
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
    flow_id = made_ready(ada, ben)
    for _ in range(2):
        send_raw(ben, ada, kind, {**content, "transaction_id": flow_id})
    ada.hear()
    ben.hear()
    assert [ended_by(ada), ended_by(ben)] == [(code, True), (code, False)]
    sent = [one for who, one in ada.homeserver.asked if who == "DESK" and isinstance(one, SendToDevice)]
    assert [one.event_type for one in sent[1:]] == ["m.key.verification.cancel"]


def test_verification_takes_no_messages_of_others() -> None:
    """Someone who knows the transaction id cannot end or go on with a verification of others."""
    ada, ben, eve = homes(_ADA, _BEN, ("@eve:x", "EVE"))
    flow_id = made_ready(ada, ben)
    for kind in ("cancel", "start", "request", "ready"):
        send_raw(eve, ada, kind, {"transaction_id": flow_id, "from_device": "EVE", "code": "m.user"})
    ada.hear()
    assert ada.identity.verifications[flow_id].stage is Stage.READY


def test_verification_by_an_unknown_device_ends() -> None:
    """A device that its user does not publish is verified by nobody."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = ask_other(ada, ben)
    send_raw(ben, ada, "ready", {"transaction_id": flow_id, "from_device": "GHOST", "methods": ["m.sas.v1"]})
    ada.hear()
    assert ended_by(ada) == ("m.invalid_message", True)


def test_verification_ends_where_no_method_is_common() -> None:
    """m.unknown_method, on both sides."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = ask_other(ada, ben)
    send_raw(ben, ada, "ready", {"transaction_id": flow_id, "from_device": "BOAT", "methods": ["m.telepathy"]})
    ada.hear()
    assert ended_by(ada) == ("m.unknown_method", True)


@pytest.mark.parametrize("starter", [0, 1])
def test_verification_started_by_both_counts_the_smaller_user(starter: int) -> None:
    """Of two starts that of the lexicographically smaller user is followed, whoever's arrives first."""
    ada, ben = people = homes(_ADA, _BEN)
    flow_id = made_ready(ada, ben)
    for home in (people[starter], people[1 - starter]):
        home.act(home.identity.verifications.start_sas(flow_id))
    everyone_hears([people[starter], people[1 - starter]], 3)
    assert len([one for home in people for one in home.told if isinstance(one, StringsShown)]) == 2
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    everyone_hears(people, 2)
    assert [trust_of(ada, ben), trust_of(ben, ada)] == [Trust.VERIFIED, Trust.VERIFIED]


def test_verification_without_a_request_waits_for_its_person() -> None:
    """Deprecated, yet "clients should handle such verifications"."""
    ada, ben = people = homes(_ADA, _BEN)
    flow_id = ada.do(ada.identity.verifications.begin_sas(*_BEN))
    ben.hear()
    assert ben.last(VerificationAsked) == VerificationAsked(flow_id, *_ADA, ("m.sas.v1",))
    ben.act(ben.identity.verifications.accept(flow_id))
    everyone_hears(people, 2)
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    everyone_hears(people)
    assert [trust_of(ada, ben), trust_of(ben, ada)] == [Trust.VERIFIED, Trust.VERIFIED]


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
