"""Verifications of users in rooms, and by QR codes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fakes.identity_homes import Home, homes
from fakes.verifying_homes import (
    ended_by,
    everyone_hears,
    made_ready,
    trust_of,
    with_identities,
)
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.encryption.trust import Trust
from scop.matrix.json_values import JsonObject
from scop.matrix.verification import (
    CodeScanned,
    FlowOptions,
    RoomMessage,
    VerificationDone,
)
from scop.matrix.verification.cancel_codes import VerificationRefused
from scop.matrix.verification.parties import FlowId, Side
from scop.matrix.verification.qr_code import QrCode, QrMode, parse_qr_code
from scop.matrix.verification.reciprocate import check_scanned, make_code
from scop.matrix.verification.turns import Stage

_ADA, _ADAS_PHONE = ("@ada:x", "DESK"), ("@ada:x", "PHONE")
_BEN, _BENS_PHONE = ("@ben:x", "BOAT"), ("@ben:x", "BUOY")
_ROOM = "!pier:x"


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
    with_identities(ada, ben)
    ben.do(ben.machine.track(["@ben:x"]))
    buoy.hear()
    flow_id = _in_room(ada, ben)
    ben.act(ben.identity.verifications.start_sas(flow_id))
    everyone_hears(people, 3)
    for home in (ada, ben):
        home.act(home.identity.verifications.confirm(flow_id))
    everyone_hears(people, 3)
    assert ada.identity.trust.is_verified("@ben:x")
    assert ben.identity.trust.is_verified("@ada:x")
    assert [trust_of(ada, ben), trust_of(ben, ada)] == [Trust.VERIFIED, Trust.VERIFIED]
    signed = ada.homeserver.public["@ben:x"]["master"]["signatures"]
    assert "@ada:x" in signed  # type: ignore[operator]
    assert ended_by(buoy) == ("m.accepted", False)


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
    assert [ended_by(ada), ended_by(buoy)] == [("m.user", False), ("m.accepted", False)]


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
    with_identities(ada, ben)
    flow_id = _in_room(ada, ben)
    code = ada.identity.verifications.qr_code(flow_id)
    assert code is not None
    assert (parse_qr_code(code).mode, ada.identity.verifications.qr_code(flow_id)) == (QrMode.OTHER_USER, code)
    _scanned(ada, ben, flow_id)
    assert isinstance(ben.last(VerificationDone), VerificationDone)
    assert ada.last(CodeScanned) == CodeScanned(flow_id, *_BEN)
    assert not ada.identity.trust.is_verified("@ben:x")
    ada.act(ada.identity.verifications.confirm(flow_id))
    everyone_hears(people, 2)
    assert ada.identity.trust.is_verified("@ben:x")
    assert ben.identity.trust.is_verified("@ada:x")
    assert [one.type for one in ada.homeserver.messages[-2:]] == ["m.key.verification.done"] * 2


@pytest.mark.parametrize("shows_new", [False, True])
def test_verification_by_qr_code_between_ones_own_devices(shows_new: bool) -> None:
    """Modes 1 and 2: whichever device shows the code, the new one is signed and gets the secrets."""
    old, new = homes(_ADA, _ADAS_PHONE)
    old.do(old.identity.cross_signing.bootstrap())
    everyone_hears([old, new])
    flow_id = made_ready(new, old)
    shower, scanner = (new, old) if shows_new else (old, new)
    octets = shower.identity.verifications.qr_code(flow_id)
    assert octets is not None
    assert parse_qr_code(octets).mode is (QrMode.SELF_UNTRUSTING if shows_new else QrMode.SELF_TRUSTING)
    _scanned(shower, scanner, flow_id)
    shower.act(shower.identity.verifications.confirm(flow_id))
    everyone_hears([old, new], 4)
    assert [trust_of(old, new), trust_of(new, old)] == [Trust.VERIFIED, Trust.VERIFIED]
    assert new.identity.cross_signing.is_whole


@pytest.mark.parametrize("at", [12, 30, 70])
def test_verification_by_a_qr_code_of_other_keys_ends(at: int) -> None:
    """Step 6: a code whose id or keys are others is refused: m.key_mismatch."""
    ada, ben = homes(_ADA, _BEN)
    with_identities(ada, ben)
    flow_id = made_ready(ada, ben)
    octets = bytearray(ada.identity.verifications.qr_code(flow_id) or b"")
    octets[at] ^= 1
    ben.act(ben.identity.verifications.scan(flow_id, bytes(octets)))
    ada.hear()
    assert [ended_by(ben), ended_by(ada)] == [("m.key_mismatch", True), ("m.key_mismatch", False)]


def test_verification_by_a_qr_code_whose_secret_is_not_known_ends() -> None:
    """Step 9: whoever did not see the code cannot say that it was scanned."""
    ada, ben = homes(_ADA, _BEN)
    with_identities(ada, ben)
    flow_id = made_ready(ada, ben)
    octets = ada.identity.verifications.qr_code(flow_id)
    assert octets is not None
    ben.act(ben.identity.verifications.scan(flow_id, octets[:-1] + bytes([octets[-1] ^ 1])))
    ada.hear()
    assert ended_by(ada) == ("m.key_mismatch", True)
    assert not ada.identity.trust.is_verified("@ben:x")


def test_verification_by_something_else_than_a_qr_code_goes_on() -> None:
    """A person may scan a poster first."""
    ada, ben = homes(_ADA, _BEN)
    with_identities(ada, ben)
    flow_id = made_ready(ada, ben)
    with pytest.raises(RemoteProtocolError):
        ben.act(ben.identity.verifications.scan(flow_id, b"https://example.org/"))
    assert ben.identity.verifications[flow_id].stage is Stage.READY


def test_verification_shows_no_qr_code_that_cannot_be_scanned() -> None:
    """Where the other cannot scan, or there are no master keys, none is shown."""
    ada, ben = homes(_ADA, _BEN)
    flow_id = made_ready(ada, ben)
    assert ada.identity.verifications.qr_code(flow_id) is None  # no master keys
    ada, ben = homes(_ADA, _BEN, options=FlowOptions(can_scan=False))
    with_identities(ada, ben)
    flow_id = made_ready(ada, ben)
    assert ada.identity.verifications.qr_code(flow_id) is None
    with pytest.raises(LocalProtocolError):
        ben.act(ben.identity.verifications.scan(flow_id, b""))


def _side(user: str, device: str, **changes: object) -> Side:
    key = unpadded_base64.encode(device.encode().ljust(32))
    master = unpadded_base64.encode(user.encode().ljust(32))
    return replace(Side(user, device, key, master, trusts_master=True), **changes)  # type: ignore[arg-type]


def _scan(mode: QrMode, keys: tuple[str | None, str | None], ours: Side, theirs: Side) -> str:
    first, second = (unpadded_base64.decode(key or "") for key in keys)
    code = QrCode(mode, "t1", first, second, bytes(8))
    try:
        return str(check_scanned(code, FlowId("t1"), ours, theirs))
    except VerificationRefused as refused:
        return refused.code


def test_qr_codes_are_taken_in_their_mode_only() -> None:
    """Matrix v1.19 CS §QR code format: each mode is of others or of oneself, and of who trusts the master key."""
    desk, phone, ben = _side("@ada:x", "DESK"), _side("@ada:x", "PHONE"), _side("@ben:x", "BOAT")
    doubting = replace(desk, trusts_master=False)
    strange = replace(ben, is_ambiguous=True)
    users, own = (ben.master_key, desk.master_key), (phone.device_key, desk.master_key)
    assert _scan(QrMode.OTHER_USER, users, desk, ben).startswith("VerifiedKeys")
    assert _scan(QrMode.OTHER_USER, users, desk, strange) == "m.key_mismatch"
    assert _scan(QrMode.OTHER_USER, users, desk, phone) == "m.user_mismatch"
    assert _scan(QrMode.SELF_TRUSTING, users, desk, ben) == "m.user_mismatch"
    assert _scan(QrMode.SELF_UNTRUSTING, own, desk, phone).startswith("VerifiedKeys")
    assert _scan(QrMode.SELF_UNTRUSTING, own, doubting, phone) == "m.key_mismatch"
    assert _scan(QrMode.SELF_UNTRUSTING, users, desk, phone) == "m.key_mismatch"
    assert make_code(FlowId("t1"), doubting, ben, bytes) is None  # no code for others before we trust ourselves
