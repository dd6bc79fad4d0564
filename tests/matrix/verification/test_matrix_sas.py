"""SAS verification: two machines against each other, against vodozemac, and against someone in between."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest
import vodozemac
from hypothesis import given
from hypothesis import strategies as st

from fakes.identity_homes import seeded
from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.json_values import JsonObject
from scop.matrix.verification.cancel_codes import CancelCode, VerificationRefused
from scop.matrix.verification.parties import FlowId, Side, VerifiedKeys
from scop.matrix.verification.sas import Sas, SasOptions, SasState
from scop.matrix.verification.sas_emoji import SAS_EMOJI
from scop.matrix.verification.sas_secret import EphemeralKey, SasSecret, overlapping_base64

_ADA = Side("@ada:x", "ADA", "adas+device", "adas+master", trusts_master=True)
_BEN = Side("@ben:x", "BEN", "bens+device", "bens+master")
_FLOW = FlowId("t1")
_STRICT = SasOptions()
_LENIENT = SasOptions(takes_nio=True)

Spoil = Callable[[str, JsonObject], JsonObject]


def _same(_kind: str, content: JsonObject) -> JsonObject:
    return content


def _pair(
    options: SasOptions = _STRICT, sides: tuple[Side, Side] = (_ADA, _BEN)
) -> tuple[Sas, Sas, tuple[tuple[str, JsonObject], ...]]:
    ada = Sas.start(_FLOW, sides, seeded("ada"), options)
    ben, answers = Sas.accept(_FLOW, sides[::-1], seeded("ben"), options, ada.start_content)
    return ada, ben, answers


def _shown(spoil: Spoil = _same, options: SasOptions = _STRICT) -> tuple[Sas, Sas]:
    """Carry messages between two machines until both show strings."""
    ada, ben, answers = _pair(options)
    machines, waiting = (ada, ben), [(0, one) for one in answers]
    while waiting:
        whose, (kind, content) = waiting.pop(0)
        waiting += [(1 - whose, one) for one in machines[whose].receive(kind, spoil(kind, content))]
    return ada, ben


def _mac(machine: Sas) -> JsonObject:
    ((kind, content),) = machine.confirm()
    assert kind == "mac"
    return content


def test_sas_verifies_both_sides() -> None:
    """Matrix v1.19 CS §SAS: both see the same strings, and get each other's keys."""
    ada, ben = _shown()
    assert ada.strings == ben.strings
    assert len(ada.strings.emoji) == 7
    to_ben, to_ada = _mac(ada), _mac(ben)
    ben.receive("mac", to_ben)
    ada.receive("mac", to_ada)
    assert ben.verified == VerifiedKeys("@ada:x", "ADA", "adas+device", "adas+master")
    assert ada.verified == VerifiedKeys("@ben:x", "BEN", "bens+device", None)  # his does not trust his master key


def test_sas_verifies_a_master_key_that_its_device_trusts() -> None:
    """Step 15: device key and master key are MACed, the latter as far as it is believed in."""
    ben = Side("@ben:x", "BEN", "bens+device", "bens+master", trusts_master=True)
    ada_side, ben_machine, answers = _pair(sides=(_ADA, ben))
    ((_, accept),) = answers
    ((_, key),) = ada_side.receive("accept", accept)
    ((_, key),) = ben_machine.receive("key", key)
    ada_side.receive("key", key)
    ben_machine.receive("mac", _mac(ada_side))
    ada_side.receive("mac", _mac(ben_machine))
    assert ada_side.verified == VerifiedKeys("@ben:x", "BEN", "bens+device", "bens+master")
    assert ben_machine.verified == VerifiedKeys("@ada:x", "ADA", "adas+device", "adas+master")


def test_sas_takes_the_mac_before_its_person_agrees() -> None:
    """The other's person may be quicker; ours still has to agree."""
    ada, ben = _shown()
    ada.receive("mac", _mac(ben))
    assert (ada.state, ada.verified) == (SasState.AUTHENTICATED, None)
    ben.receive("mac", _mac(ada))
    assert ada.verified is not None
    assert ben.verified is not None


@pytest.mark.parametrize(
    ("options", "shows"),
    [(SasOptions(strings=("decimal",)), (3, 0)), (SasOptions(strings=("emoji",)), (0, 7)), (SasOptions(), (3, 7))],
)
def test_sas_shows_what_both_can_show(options: SasOptions, shows: tuple[int, int]) -> None:
    """A client that has no pictures compares numbers."""
    strings = _shown(options=options)[0].strings
    assert (len(strings.decimals), len(strings.emoji)) == shows


@given(st.binary(min_size=32, max_size=32), st.text("abc|:@\x00é", max_size=20))
def test_sas_computes_what_vodozemac_does(seed: bytes, word: str) -> None:
    """Pictures, numbers and MACs in both base64s are those of a second implementation."""
    other, key = vodozemac.Sas(), EphemeralKey(seed)
    theirs = other.public_key.to_base64()
    established = other.diffie_hellman(vodozemac.Curve25519PublicKey.from_base64(key.public))
    secret = SasSecret(key.agree(theirs), _ADA, _BEN, key.public, theirs, word)
    strings = established.bytes(f"MATRIX_KEY_VERIFICATION_SAS|@ada:x|ADA|{key.public}|@ben:x|BEN|{theirs}|{word}")
    assert secret.decimals() == tuple(strings.decimals)
    assert secret.emoji() == tuple(SAS_EMOJI[number] for number in strings.emoji_indices)
    mac, info = secret.mac(_BEN, "KEY_IDS", word), f"MATRIX_KEY_VERIFICATION_MAC@ben:xBEN@ada:xADA{word}KEY_IDS"
    assert unpadded_base64.encode(mac) == established.calculate_mac(word, info)
    assert overlapping_base64(mac) == established.calculate_mac_invalid_base64(word, info)


def test_sas_has_64_pictures() -> None:
    """Matrix v1.19 CS §SAS method: emoji: six bits each, all different."""
    assert (len(SAS_EMOJI), len({one.picture for one in SAS_EMOJI}), len({one.name for one in SAS_EMOJI})) == (
        64,
        64,
        64,
    )
    assert (SAS_EMOJI[0].name, SAS_EMOJI[34].name, SAS_EMOJI[63].picture) == ("Dog", "Spanner", "📌")


# ── someone in between ──


def _refused(act: Callable[[], object]) -> CancelCode:
    with pytest.raises(VerificationRefused) as refused:
        act()
    return refused.value.code


def _swapped(name: str, value: object) -> Spoil:
    return lambda _kind, content: {**content, name: value} if name in content else content


_OTHER_KEY = EphemeralKey(b"m" * 32).public


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("commitment", unpadded_base64.encode(bytes(32)), CancelCode.MISMATCHED_COMMITMENT),
        ("commitment", "!", CancelCode.INVALID_MESSAGE),
        ("commitment", None, CancelCode.INVALID_MESSAGE),
        ("hash", "md5", CancelCode.UNKNOWN_METHOD),
        ("message_authentication_code", "hkdf-hmac-sha256", CancelCode.UNKNOWN_METHOD),
        ("key_agreement_protocol", "curve25519", CancelCode.UNKNOWN_METHOD),
        ("short_authentication_string", [], CancelCode.UNKNOWN_METHOD),
        ("short_authentication_string", ["emoji", "colours"], CancelCode.UNKNOWN_METHOD),
        ("key", unpadded_base64.encode(bytes(32)), CancelCode.INVALID_MESSAGE),  # a point of small order
        ("key", "AAAA", CancelCode.INVALID_MESSAGE),
        ("key", 7, CancelCode.INVALID_MESSAGE),
    ],
)
def test_sas_refuses_what_is_wrong_before_strings_are_shown(name: str, value: object, code: CancelCode) -> None:
    """Each message is what it must be, or the verification ends by the code for it."""
    assert _refused(lambda: _shown(_swapped(name, value))) is code


def test_sas_refuses_a_swapped_key_by_the_commitment() -> None:
    """Step 11: whoever stands between cannot choose a key after seeing the other's."""
    count = 0

    def spoil(kind: str, content: JsonObject) -> JsonObject:
        nonlocal count
        count += kind == "key"
        return {**content, "key": _OTHER_KEY} if kind == "key" and count == 2 else content

    assert _refused(lambda: _shown(spoil)) is CancelCode.MISMATCHED_COMMITMENT


def test_sas_shows_other_strings_where_the_starters_key_was_swapped() -> None:
    """The one attempt that is left to whoever stands between shows in the strings."""
    first = True

    def spoil(kind: str, content: JsonObject) -> JsonObject:
        nonlocal first
        is_first, first = kind == "key" and first, first and kind != "key"
        return {**content, "key": _OTHER_KEY} if is_first else content

    ada, ben = _shown(spoil)
    assert ada.strings != ben.strings
    assert _refused(lambda: ben.receive("mac", _mac(ada))) is CancelCode.KEY_MISMATCH


def test_sas_refuses_a_start_that_was_changed_by_the_commitment() -> None:
    """The commitment covers the start: nobody weakens what it offers."""
    ada = Sas.start(_FLOW, (_ADA, _BEN), seeded("ada"), SasOptions())
    changed = {**ada.start_content, "short_authentication_string": ["decimal"]}
    ben, ((_, accept),) = Sas.accept(_FLOW, (_BEN, _ADA), seeded("ben"), SasOptions(), changed)
    ((_, key),) = ada.receive("accept", accept)
    ((_, key),) = ben.receive("key", key)
    assert _refused(lambda: ada.receive("key", key)) is CancelCode.MISMATCHED_COMMITMENT


@pytest.mark.parametrize(
    "change",
    [
        {"keys": unpadded_base64.encode(bytes(32))},
        {"mac": {}},
        {"mac": {"ed25519:ADA": unpadded_base64.encode(bytes(32))}},
        {"mac": {"ed25519:OTHER": "x"}},
        {"mac": {"ed25519:ADA": "é"}},
        {"keys": "\ud800"},
    ],
)
def test_sas_refuses_wrong_macs(change: JsonObject) -> None:
    """Step 17: every MAC is right, and so is that of their list; keys are neither added nor taken away."""
    ada, ben = _shown()
    content = _mac(ada)
    assert _refused(lambda: ben.receive("mac", {**content, **change})) is CancelCode.KEY_MISMATCH
    assert ben.verified is None


def test_sas_refuses_macs_of_keys_that_are_not_those_it_knows() -> None:
    """A device whose key the server swapped is not verified."""
    ada, ben = _shown()
    ben._theirs = Side("@ada:x", "ADA", "another+device")
    assert _refused(lambda: ben.receive("mac", _mac(ada))) is CancelCode.KEY_MISMATCH


def test_sas_refuses_a_device_that_has_the_id_of_a_key() -> None:
    """Matrix v1.19 CS §Key and signature security 3: a server could pass one for the other."""
    ada, ben = _shown()
    ben._theirs = Side("@ada:x", "ADA", "adas+device", "ADA", is_ambiguous=True)
    assert _refused(lambda: ben.receive("mac", _mac(ada))) is CancelCode.KEY_MISMATCH


@pytest.mark.parametrize("kind", ["accept", "key", "mac", "start", "nonsense"])
@pytest.mark.parametrize("state", list(SasState))
def test_sas_takes_each_message_in_its_place_only(kind: str, state: SasState) -> None:
    """Replayed and early messages end it: m.unexpected_message."""
    ada, _ = _shown()
    ada.state = state
    if (state, kind) not in Sas._TAKEN:
        assert _refused(lambda: ada.receive(kind, {})) is CancelCode.UNEXPECTED_MESSAGE


def test_sas_refuses_its_own_key() -> None:
    """A mirror verifies nothing."""
    ada, _, answers = _pair()
    mirrored = Sas.start(_FLOW, (_ADA, _BEN), seeded("ada"), SasOptions())
    ben, ((_, accept),) = Sas.accept(_FLOW, (_BEN, _ADA), seeded("ada"), SasOptions(), mirrored.start_content)
    del ada, answers
    ((_, key),) = mirrored.receive("accept", accept)
    assert _refused(lambda: ben.receive("key", key)) is CancelCode.INVALID_MESSAGE


@pytest.mark.parametrize(
    "change",
    [
        {"hashes": ["md5"]},
        {"key_agreement_protocols": ["curve25519"]},
        {"message_authentication_codes": ["hkdf-hmac-sha256"]},
        {"short_authentication_string": ["colours"]},
    ],
)
def test_sas_accepts_only_what_it_knows(change: JsonObject) -> None:
    """Without a common way the verification ends: m.unknown_method."""
    start = Sas.start(_FLOW, (_ADA, _BEN), seeded("ada"), SasOptions()).start_content
    refused = _refused(lambda: Sas.accept(_FLOW, (_BEN, _ADA), seeded("b"), SasOptions(), {**start, **change}))
    assert refused is CancelCode.UNKNOWN_METHOD


def test_sas_is_confirmed_only_when_strings_are_shown() -> None:
    """People cannot agree to what they have not seen."""
    ada, _, _ = _pair()
    with pytest.raises(LocalProtocolError):
        ada.confirm()
    with pytest.raises(LocalProtocolError):
        _ = ada.strings


@given(st.text(max_size=60))
def test_ephemeral_keys_raise_nothing_but_protocol_errors(text: str) -> None:
    """Whatever is sent as a key agrees on a secret, or is a RemoteProtocolError."""
    with contextlib.suppress(RemoteProtocolError):
        assert len(EphemeralKey(b"s" * 32).agree(text)) == 32


# ── lenient ──


def test_sas_takes_nio_where_it_is_told_to() -> None:
    """Leniency: matrix-nio 0.26 offers the old MAC only, writes the commitment in hex and MACs in correct base64."""
    nio_start = {
        **Sas.start(_FLOW, (_BEN, _ADA), seeded("nio"), SasOptions()).start_content,
        "message_authentication_codes": ["hkdf-hmac-sha256"],
        "key_agreement_protocols": ["curve25519", "curve25519-hkdf-sha256"],
    }
    assert _refused(lambda: Sas.accept(_FLOW, (_ADA, _BEN), seeded("a"), SasOptions(), nio_start)) == "m.unknown_method"
    _, ((_, accept),) = Sas.accept(_FLOW, (_ADA, _BEN), seeded("a"), _LENIENT, nio_start)
    assert len(bytes.fromhex(str(accept["commitment"]))) == 32


def test_sas_takes_old_macs_in_either_base64_where_it_is_told_to() -> None:
    """Leniency: the same octets are checked, however they are written."""
    for writes_hex in (False, True):
        ada, ben, ((_, accept),) = _pair(_LENIENT)
        assert accept["message_authentication_code"] == "hkdf-hmac-sha256.v2"  # "MUST not be used" where both know it
        digest = unpadded_base64.decode(str(accept["commitment"])).hex()
        old = {**accept, "message_authentication_code": "hkdf-hmac-sha256"}
        ((_, key),) = ada.receive("accept", {**old, "commitment": digest} if writes_hex else old)
        ((_, key),) = ben.receive("key", key)
        ada.receive("key", key)
        ben._choice = ada._choice
        content = _mac(ada)
        ben.receive("mac", content)
        ben.confirm()
        assert ben.verified is not None
        macs = content["mac"]
        assert isinstance(macs, dict)
        secret = ada._secret
        assert secret is not None
        plain = unpadded_base64.encode(secret.mac(_ADA, "ed25519:ADA", "adas+device"))
        assert (macs["ed25519:ADA"] == plain) is writes_hex
