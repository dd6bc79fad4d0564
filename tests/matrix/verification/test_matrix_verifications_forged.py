"""Verifications whose messages are forged, changed, lost or out of place."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from fakes.identity_homes import Home, homes
from fakes.verifying_homes import (
    ask_other,
    ended_by,
    everyone_hears,
    made_ready,
    send_raw,
    shown_to,
    trust_of,
    with_identities,
)
from scop.base import LocalProtocolError
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.encryption.trust import Trust
from scop.matrix.json_values import JsonObject
from scop.matrix.verification import (
    FlowOptions,
    VerificationDone,
)

_ADA = ("@ada:x", "DESK")
_BEN = ("@ben:x", "BOAT")
_ROOM = "!pier:x"


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
    flow_id = shown_to(ada, ben)
    if kind == "mac":
        for home in people:
            home.act(home.identity.verifications.confirm(flow_id))
        everyone_hears(people, 2)
    assert ended_by(ada) == (code, True)
    assert trust_of(ada, ben) is Trust.UNVERIFIED


def test_verification_keeps_to_the_keys_it_began_with() -> None:
    """Matrix v1.19 CS §Key and signature security 2: keys that are swapped meanwhile are not verified."""
    ada, ben = people = homes(_ADA, _BEN)
    with_identities(ada, ben)
    flow_id = shown_to(ada, ben)
    old = ben.homeserver.public["@ben:x"]["master"]
    ben.homeserver.public["@ben:x"] = {}
    ben.homeserver.public.pop("@ben:x")
    ben.homeserver._announce("@ben:x")
    ada.hear()
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    everyone_hears(people, 2)
    done = ada.last(VerificationDone)
    assert isinstance(done, VerificationDone)
    assert [done.master_key] == list(old["keys"].values())  # type: ignore[attr-defined]


def test_verification_is_refused_where_a_device_has_the_id_of_a_key() -> None:
    """Matrix v1.19 CS §Key and signature security 3: any device of theirs, not only the one that verifies."""
    ada, ben = people = homes(_ADA, _BEN)
    with_identities(ada, ben)
    master = next(iter(ben.homeserver.public["@ben:x"]["master"]["keys"].values()))  # type: ignore[attr-defined]
    Home(ben.homeserver, ben.clock, ("@ben:x", master), FlowOptions())
    ada.hear()
    flow_id = made_ready(ada, ben, "BOAT")
    assert ada.identity.verifications.qr_code(flow_id) is None
    ada.act(ada.identity.verifications.start_sas(flow_id))
    everyone_hears([ben, ada], 2)
    for home in people:
        home.act(home.identity.verifications.confirm(flow_id))
    everyone_hears(people)
    assert ended_by(ada) == ("m.key_mismatch", True)


def test_verification_is_durable_before_the_other_side_hears_of_it() -> None:
    """A network that goes away at the last message takes nothing of it, and what is to be told is told later."""
    ada, ben = people = homes(_ADA, _BEN)
    flow_id = shown_to(ada, ben)
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
    assert trust_of(ada, ben) is Trust.VERIFIED


# ── what cannot be done ──


def test_verification_does_not_do_what_is_out_of_place() -> None:
    """Whoever calls a step at the wrong time is told so, and the verification goes on."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = ask_other(ada, ben)
    verifications = ada.identity.verifications
    for step in (verifications.accept, verifications.start_sas, verifications.confirm):
        with pytest.raises(LocalProtocolError):
            ada.act(step(flow_id))
    with pytest.raises(LocalProtocolError):
        ada.act(verifications.accept("nonsense"))
    with pytest.raises(LocalProtocolError):
        ada.do(verifications.begin_sas("@ben:x", "GHOST"))
    verifications.post = None
    with pytest.raises(LocalProtocolError):
        ada.do(verifications.request_in_room("@ben:x", _ROOM))
    assert list(verifications.open) == [flow_id]


def test_verification_cancelled_without_a_code_is_cancelled() -> None:
    """A cancel of a strange shape is a cancel."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = made_ready(ada, ben)
    send_raw(ben, ada, "cancel", {"transaction_id": flow_id, "code": 7})
    ada.hear()
    assert ended_by(ada) == ("m.user", False)


def test_verification_started_a_second_time_ends() -> None:
    """A start after keys were exchanged is out of place: m.unexpected_message."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = shown_to(ada, ben)
    send_raw(ben, ada, "start", {"transaction_id": flow_id, "from_device": "BOAT", "method": "m.sas.v1"})
    ada.hear()
    assert ended_by(ada) == ("m.unexpected_message", True)


def test_verification_started_before_it_was_accepted_ends() -> None:
    """Who was asked says ready before anything begins."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = ask_other(ada, ben)
    send_raw(ben, ada, "start", {"transaction_id": flow_id, "from_device": "BOAT", "method": "m.sas.v1"})
    ada.hear()
    assert ended_by(ada) == ("m.unexpected_message", True)


def test_verification_of_a_secret_that_is_no_base64_ends() -> None:
    """m.invalid_message, not a crash."""
    ada, ben = homes(_ADA, _BEN)
    with_identities(ada, ben)
    flow_id = made_ready(ada, ben)
    assert ada.identity.verifications.qr_code(flow_id) is not None
    start: JsonObject = {"transaction_id": flow_id, "from_device": "BOAT", "method": "m.reciprocate.v1", "secret": "!"}
    send_raw(ben, ada, "start", start)
    ada.hear()
    assert ended_by(ada) == ("m.invalid_message", True)


# ── floods ──


def test_verifications_that_somebody_floods_us_with_are_bounded() -> None:
    """Whoever asks again and again is not remembered each time, and keeps no device of ours from verifying."""
    ada, phone, ben = homes(_ADA, ("@ada:x", "PHONE"), _BEN)
    for number in range(40):
        now = int(ada.clock.unix() * 1000)
        content: JsonObject = {"from_device": "BOAT", "methods": ["m.sas.v1"], "timestamp": now}
        send_raw(ben, ada, "request", {**content, "transaction_id": f"flood{number}"})
    ada.hear()
    assert len(ada.identity.verifications._flows) == 20
    flow_id = ask_other(phone, ada, "DESK")
    assert flow_id in ada.identity.verifications.open


def test_verifications_that_many_flood_us_with_leave_room_for_ours() -> None:
    """However many strangers ask at once, a device of our own user is heard."""
    strangers = [(f"@stranger{number}:x", "D") for number in range(102)]
    ada, phone, *others = homes(_ADA, ("@ada:x", "PHONE"), *strangers)
    for other in others:
        ask_other(other, ada)
    assert len(ada.identity.verifications.open) == 100
    flow_id = ask_other(phone, ada, "DESK")
    assert flow_id in ada.identity.verifications.open
